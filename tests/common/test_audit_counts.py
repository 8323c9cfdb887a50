"""What occurs is counted in memory that is bounded, and handed over until it is taken."""

import pytest

from tollgate_common.audit import Actor, AuditBatch, AuditCounts, AuditEvent, Target, counts
from tollgate_common.errors import DependencyDown

ORG = "org_1"
ACTOR = Actor("key", "key_1")
EVENT = AuditEvent("permission.refused", ACTOR, Target("permission", "keys:write"), "live_only")


class Auth:
    """Stands where batches are taken, or not."""

    def __init__(self) -> None:
        self.batches: list[AuditBatch] = []
        self.down = False

    def deliver(self, batch: AuditBatch) -> None:
        if self.down:
            raise DependencyDown("auth")
        self.batches.append(batch)

    def total(self) -> int:
        return sum(each.count for batch in self.batches for each in batch.occurrences)


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def counting(auth: Auth) -> AuditCounts:
    return AuditCounts(auth.deliver, lambda: None)


def test_what_is_alike_is_one_count(auth: Auth, counting: AuditCounts) -> None:
    for _ in range(1000):
        counting.note(ORG, EVENT)
    counting.note("org_2", EVENT)
    counting.send()
    assert [(batch.org, len(batch.occurrences)) for batch in auth.batches] == [
        (ORG, 1),
        ("org_2", 1),
    ]
    (occurrences,) = auth.batches[0].occurrences
    assert (occurrences.event, occurrences.count) == (EVENT, 1000)
    assert occurrences.first_at <= occurrences.last_at


def test_the_details_of_the_first_are_kept(auth: Auth, counting: AuditCounts) -> None:
    for name in ("first", "second"):
        counting.note(ORG, EVENT, {"route": name})
    counting.send()
    assert auth.batches[0].occurrences[0].details == {"route": "first"}


def test_while_auth_is_down_counts_grow_and_do_not_become_more(
    auth: Auth, counting: AuditCounts
) -> None:
    auth.down = True
    for number in range(20 * counts.MOST_EVENTS):
        counting.note(ORG, EVENT._replace(target=Target("job", f"job_{number}")))
        if number % 100 == 0:
            counting.send()
    assert len(counting._gathered[ORG]) <= counts.MOST_EVENTS + 1
    auth.down = False
    counting.send()
    counting.send()
    assert auth.total() == 20 * counts.MOST_EVENTS
    others = [each for each in auth.batches[-1].occurrences if each.event.target.kind == "other"]
    assert len(others) == 1


def test_organisations_are_bounded_too(
    counting: AuditCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MOST_ORGANISATIONS", 10)
    for number in range(100):
        counting.note(f"org_{number}", EVENT)
    assert len(counting._gathered) == 10


def test_a_batch_that_was_not_taken_is_sent_again_as_it_was(
    auth: Auth, counting: AuditCounts
) -> None:
    taken: list[AuditBatch] = []

    def answer_lost(batch: AuditBatch) -> None:
        taken.append(batch)
        if len(taken) == 1:
            raise DependencyDown("auth")

    losing = AuditCounts(answer_lost, lambda: None)
    losing.note(ORG, EVENT)
    losing.send()
    losing.note(ORG, EVENT)
    losing.send()
    assert taken[0] == taken[1]
    losing.send()
    assert [batch.occurrences[0].count for batch in taken] == [1, 1, 1]
    assert taken[2].id != taken[0].id
