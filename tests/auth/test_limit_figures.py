"""`GET /limits` tells of the counters that the gateway's tickets count on."""

from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from tests.auth.conftest import Caller, MakeApp, Org
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.principal import Limit, Subject
from tollgate_common.tickets import Attribution, Outcome, Refusal, Reservation, TicketBook
from tollgate_common.tickets.limits import reservation


def made(org: Org, **body: Any) -> dict[str, Any]:
    answer = org.owner.post("/limits", {"subject": {"kind": "org"}, **body})
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def held(org: Org, limit: dict[str, Any], amount: int, mode: str = "live") -> Reservation:
    """As the gateway holds it."""
    policy = Limit(
        id=limit["id"], subject=Subject(**limit["subject"]), metric=limit["metric"],
        window=limit["window"], max=limit["max"], mode=limit["mode"], timezone=limit["timezone"],
    )  # fmt: skip
    return reservation(org.id, mode, policy, amount)


def opened(redis: Redis, org: Org, *limits: Reservation) -> str:
    ticket = Attribution(
        id=new_uuid(), request_id="req", org=org.id, mode="live", endpoint="/v1/responses",
        dialect="openai", model="m", stream=False, opened_at=timestamp(),
    )  # fmt: skip
    assert not isinstance(TicketBook(redis, "gateway").open(ticket, limits), Refusal)
    return ticket.id


def figures(org: Org, limit: dict[str, Any], **query: str) -> dict[str, Any]:
    path = f"/limits/{limit['id']}"
    found = org.owner.get(path, query_string=query).get_json()
    names = ("counted", "used", "reserved", "remaining", "resets_at")
    return {name: found[name] for name in names}


def test_a_new_limit_has_counted_nothing(org: Org) -> None:
    limit = made(org, metric="cost_usd", window="month", max="25.00")
    found = figures(org, limit)
    assert {name: limit[name] for name in found} | {"resets_at": None} == found | {
        "resets_at": None
    }
    assert (found["used"], found["reserved"], found["remaining"]) == ("0.00", "0.00", "25.00")


def test_what_runs_is_reserved_and_what_ran_is_used(org: Org, redis: Redis) -> None:
    limit = made(org, metric="cost_usd", window="month", max="25.00")
    ticket = opened(redis, org, held(org, limit, 2_000_000_001))
    found = figures(org, limit)
    assert (found["used"], found["reserved"]) == ("0.00", "2.000000001")
    TicketBook(redis, "llm").close(org.id, ticket, Outcome(status="ok", cost_nanos=500_000_000))
    found = figures(org, limit)
    assert (found["used"], found["reserved"], found["remaining"]) == ("0.50", "0.00", "24.50")
    now = datetime.now(UTC)
    following = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    told = datetime.fromisoformat(found["resets_at"])
    assert abs((told - following).total_seconds()) < 1


def test_live_and_test_calls_are_counted_apart(org: Org, redis: Redis) -> None:
    limit = made(org, metric="requests", window="total", max="10")
    opened(redis, org, held(org, limit, 1, "test"))
    assert (figures(org, limit)["counted"], figures(org, limit)["used"]) == ("live", "0")
    found = figures(org, limit, mode="test")
    assert (found["counted"], found["used"], found["resets_at"]) == ("test", "1", None)


def test_a_keys_limits_are_counted_in_its_mode(org: Org, redis: Redis) -> None:
    key = org.key(mode="test", limits=[{"metric": "concurrency", "max": "3"}])
    [limit] = org.owner.get("/limits", query_string={"subject_id": key.id}).get_json()["data"]
    assert limit["counted"] == "test"
    opened(redis, org, held(org, limit, 1, "test"))
    assert figures(org, limit)["reserved"] == "1"
    assert figures(org, limit)["remaining"] == "2"


def test_a_changed_limit_keeps_what_was_counted(org: Org, redis: Redis) -> None:
    limit = made(org, metric="requests", window="hour", max="100")
    for _ in range(5):
        opened(redis, org, held(org, limit, 1))
    answer = org.owner.patch(f"/limits/{limit['id']}", {"max": "7"})
    assert answer.get_json()["remaining"] == "2"


@pytest.mark.parametrize("window", ["day", "total"])
def test_a_deleted_limit_leaves_no_counter_for_ever(org: Org, redis: Redis, window: str) -> None:
    limit = made(org, metric="requests", window=window, max="10")
    counter = held(org, limit, 1)
    opened(redis, org, counter)
    assert org.owner.delete(f"/limits/{limit['id']}").status_code == 204
    assert 0 < redis.ttl(counter.counter) <= 3 * 86_400


def test_without_redis_the_policy_is_still_told(
    org: Org, make_app: MakeApp, database_url: str
) -> None:
    limit = made(org, metric="requests", window="day", max="10")
    alone = make_app(database_url, redis_url="redis://127.0.0.1:1/0")
    answer = Caller(alone, user_id=org.owner_id).get(f"/limits/{limit['id']}")
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["max"] == "10"
    assert answer.get_json()["used"] is None
