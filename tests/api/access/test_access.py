"""What each credential reaches, for each operation: the table in docs/access.md is what was found.

TOLLGATE_WRITE_ACCESS=1 make test-api T=tests/api/access   writes it anew.
"""

import os
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.api.access import places, table
from tests.api.access.looking import Looking
from tests.api.access.objects import FOREIGN, OTHER, Scene
from tests.api.access.operations import NOT_CALLED, operations
from tests.api.access.table import Found

PAGE = Path(__file__).parents[3] / "docs" / "access.md"
BEGINS, ENDS = "<!-- generated -->\n", "<!-- end -->\n"


@pytest.fixture(scope="module")
def scenes(stack: Stack) -> dict[str, Scene]:
    opened = places.found(stack, "Open")
    closed = places.found(stack, "Closed", is_open=False)
    foreign = places.found(stack, "Foreign")
    seen = {
        **{name: (opened, each) for name, each in places.people(opened)},
        **{name: (closed, each) for name, each in places.members(closed)},
        **{name: (opened, each) for name, each in places.machines(opened)},
    }
    return {
        name: Scene(credential, "test" if "test" in name else "live", home, foreign)
        for name, (home, credential) in seen.items()
    }


@pytest.fixture(scope="module")
def found(scenes: dict[str, Scene]) -> Found:
    looking = {name: Looking(scene) for name, scene in scenes.items()}
    return {
        operation.name: {name: each.reached(operation) for name, each in looking.items()}
        for operation in operations()
        if not operation.is_public and operation.name not in NOT_CALLED
    }


def test_nobody_reaches_another_organisations_objects(found: Found) -> None:
    seen = [
        (operation, name)
        for operation, by_credential in found.items()
        for name, reached in by_credential.items()
        if reached.get(FOREIGN)
    ]
    assert not seen


def test_machines_and_members_reach_their_project_only(
    found: Found, scenes: dict[str, Scene]
) -> None:
    bound = [
        name for name in scenes if name.startswith(("project ", "no ")) or scenes[name].is_machine
    ]
    seen = [
        (operation, name)
        for operation, by_credential in found.items()
        for name in bound
        if by_credential[name].get(OTHER)
    ]
    assert not seen


def test_the_table_in_the_documents_is_what_was_found(found: Found) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGINS)
    current = f"{before}{BEGINS}{chr(10).join(table.rows(found))}\n{ENDS}{rest.partition(ENDS)[2]}"
    if os.environ.get("TOLLGATE_WRITE_ACCESS"):
        PAGE.write_text(current)
    assert text == current
