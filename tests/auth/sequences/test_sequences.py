"""No sequence of calls by a credential leads to one that is not within it."""

import random
from dataclasses import replace

import pytest
from flask import Flask

from tests.auth.conftest import Caller
from tests.auth.sequences.credentials import Credential
from tests.auth.sequences.organisation import KINDS, Organisation
from tests.auth.sequences.reach import Reach, reach
from tests.auth.sequences.steps import STEPS, Step
from tests.proofs import rounds

SEQUENCES = rounds(20, 10_000 // len(KINDS) + 1)
"""How many each kind of credential begins: more than 10,000 in all in `make test-proofs`."""
MAX_STEPS = 10
OF_AN_ORGANISATION = rounds(10, 25)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_reachable_is_more_than_its_root(app: Flask, kind: str) -> None:
    for number in range(SEQUENCES):
        if number % OF_AN_ORGANISATION == 0:
            organisation = Organisation(app, is_open=number % (2 * OF_AN_ORGANISATION) == 0)
        run(organisation, kind, random.Random(f"{kind} {number}"))


def run(organisation: Organisation, kind: str, dice: random.Random) -> None:
    root = organisation.credential(kind, dice)
    before = reach(organisation.app, root, organisation.project_ids())
    if before is None:
        return
    credentials, log = [root], [f"root: {kind} {root}"]
    for _ in range(dice.randint(1, MAX_STEPS)):
        acting = dice.choice(credentials)
        if reach(organisation.app, acting, ()) is None:
            continue
        log.append(f"as {acting}")
        caller = Caller(organisation.app, **acting.name)
        step = Step(caller, organisation, dice, log)
        credentials += dice.choice(STEPS)(step)
    bound = unbound_by_limits(before) if kind in organisation.people else before
    check(organisation, credentials, bound, log)


def check(
    organisation: Organisation, credentials: list[Credential], root: Reach, log: list[str]
) -> None:
    projects = organisation.project_ids()
    for credential in credentials:
        reached = reach(organisation.app, credential, projects)
        beyond = reached.beyond(root) if reached else None
        assert beyond is None, "\n".join([*log, f"{credential} is beyond the root in {beyond}"])


def unbound_by_limits(person: Reach) -> Reach:
    """A person who may write limits may lift their own."""
    return replace(person, maxima={}) if "limits:write" in person.scopes else person
