"""What a caller sees is decided in `tollgate_common.visibility`, and nowhere else."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.architecture.test_layers import ROOT, SOURCES

DECIDING = {"key", "project", "mode", "is_machine", "grants", "is_closed"}
"""What a caller has that says whose rows they see."""

SERVICES = ROOT / "services"
OTHER_PURPOSES = {
    "auth/authority/service.py": "says what a caller may pass on",
    "auth/keys/service.py": "a new key's project, and whose a key is that somebody changes",
    "auth/passwords/service.py": "a key has no password",
    "auth/sessions/service.py": "tells callers about themselves",
    "llm/affinity/models.py": "whose an id is that a provider made",
    "llm/inference/listing.py": "which providers answer in a mode",
    "llm/inference/service.py": "which providers answer in a mode, and whose a stored response is",
    "llm/jobs/repository.py": "whose a new job is",
    "llm/jobs/reading.py": "whose an answer is that is read",
    "llm/routing/affinity_keys.py": "whose a session is",
    "reports/adjustments/service.py": "says who acted",
    "reports/reports/service.py": "whose a new report is",
}
"""Modules that ask a caller for one of these, and what for; never for what is seen."""


ASKING_FOR_SCOPES = {
    "auth/authority/people.py": "who may change which users",
    "auth/authority/service.py": "says what a caller may pass on",
    "auth/sessions/service.py": "tells callers about themselves",
}
"""Modules that read what a caller may do in the organisation; all others ask for what they may do
in the object's project (`require_in_project`, `scopes_in`)."""


def name_of(path: Path) -> str:
    """`<service>/<path within it>`."""
    service, *_ = path.relative_to(SERVICES).parts
    return f"{service}/{path.relative_to(SERVICES / service / 'src' / f'tollgate_{service}')}"


def asked_of_callers(tree: ast.AST, names: Collection[str] = DECIDING) -> Iterator[ast.Attribute]:
    """Each `caller.key` and the like, also of `current_caller()` and `g.caller`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            owner = node.value.func if isinstance(node.value, ast.Call) else node.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if name in {"caller", "current_caller"}:
                yield node


def offenders(names: Collection[str] = DECIDING) -> dict[str, list[ast.Attribute]]:
    found = {
        name_of(path): list(asked_of_callers(ast.parse(path.read_text()), names))
        for path in SOURCES
        if path.is_relative_to(SERVICES)
    }
    return {name: nodes for name, nodes in found.items() if nodes}


def test_nobody_asks_a_caller_whose_rows_they_see() -> None:
    assert set(offenders()) == set(OTHER_PURPOSES)


def test_a_permission_is_asked_for_in_the_project_of_its_object() -> None:
    assert set(offenders({"scopes"})) == set(ASKING_FOR_SCOPES)


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.stem == "repository" and path.is_relative_to(SERVICES)],
    ids=name_of,
)
def test_a_repository_compares_nothing_with_a_caller(path: Path) -> None:
    compared = {
        part
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        for part in asked_of_callers(node)
    }
    assert not compared


@pytest.mark.parametrize(
    "source", ["caller.key", "current_caller().mode", "g.caller.project", "if caller.mode: pass"]
)
def test_each_way_of_asking_is_noticed(source: str) -> None:
    assert list(asked_of_callers(ast.parse(source)))
