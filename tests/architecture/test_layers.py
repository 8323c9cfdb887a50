"""Imports inside a service run one way: endpoints and jobs, service, repository and clients,
models. A noun folder's files are these; the names say which layer a module belongs to."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in (*ROOT.glob("libs/*/src"), *ROOT.glob("services/*/src"))
    for path in folder.rglob("*.py")
    if "versions" not in path.parts
)
LAYERS = {"endpoints": 4, "jobs": 4, "service": 3, "repository": 2, "client": 2, "clients": 2,
          "models": 1, "errors": 1, "schemas": 1}  # fmt: skip
STATEMENTS = {"select", "insert", "update", "delete", "text", "func", "and_", "or_"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_no_layer_above_its_own(path: Path) -> None:
    layer = LAYERS.get(path.stem)
    above = [
        name
        for name in imported(path)
        if name.startswith("tollgate_")
        and layer is not None
        and name.count(".") > 1
        and LAYERS.get(name.rsplit(".", 1)[-1], 0) > layer
    ]
    assert not above


def test_sql_is_written_in_repositories_only() -> None:
    """Elsewhere SQLAlchemy is an engine, a session or an error to catch, not a statement."""
    allowed = {"repository", "models", "outbox", "db", "migrations", "schema_version"}
    offenders = [
        f"{path.relative_to(ROOT)}: {name.name}"
        for path in SOURCES
        if path.stem not in allowed
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for name in node.names
        if name.name in STATEMENTS
    ]
    assert not offenders


def test_files_and_functions_stay_small() -> None:
    long_files = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in SOURCES
        if (lines := path.read_text().count("\n")) > LONGEST_FILE
    ]
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long_files
    assert not long_functions


def test_nothing_is_skipped_stubbed_or_left_to_do() -> None:
    here = Path(__file__)
    words = ("TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error", "pytest.mark." + "skip")
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in (*SOURCES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("deploy/**/*.py"))
        for word in words
        if path != here and word in path.read_text()
    ]
    assert not found
