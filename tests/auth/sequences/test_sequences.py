"""No sequence of calls by a credential leads to one that is not within it."""

import random
from collections.abc import Iterator
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
        log = [f"{kind}, sequence {number}"]
        excesses = run(organisation, kind, random.Random(f"{kind} {number}"), log)
        assert excesses == [], "\n".join(log)


def run(
    organisation: Organisation, kind: str, dice: random.Random, log: list[str]
) -> list[tuple[Credential, str]]:
    """Run one sequence, and return the credentials that it led to which reach more than its root,
    with what they reach."""
    root = organisation.credential(kind, dice)
    before = reach(organisation.app, root, organisation.project_ids())
    if before is None:
        return []
    credentials = [root]
    for _ in range(dice.randint(1, MAX_STEPS)):
        acting = dice.choice(credentials)
        if reach(organisation.app, acting, ()) is None:
            continue
        log.append(f"as {acting}")
        caller = Caller(organisation.app, **acting.name)
        step = Step(caller, organisation, dice, log)
        credentials += dice.choice(STEPS)(step)
    bound = unbound_by_limits(before) if kind in organisation.people else before
    return list(excesses_of(organisation, credentials, bound))


def excesses_of(
    organisation: Organisation, credentials: list[Credential], root: Reach
) -> Iterator[tuple[Credential, str]]:
    projects = organisation.project_ids()
    for credential in credentials:
        reached = reach(organisation.app, credential, projects)
        beyond = reached.beyond(root) if reached else None
        if beyond is not None:
            yield credential, beyond


def unbound_by_limits(person: Reach) -> Reach:
    """A person who may write limits may lift their own."""
    return replace(person, maxima={}) if "limits:write" in person.scopes else person
