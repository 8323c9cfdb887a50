"""docs/security.md lists every action of the audit log, and no other."""

import ast
import re
from collections.abc import Iterator, Sequence

import pytest

from tests.architecture.test_layers import ROOT, SOURCES

RECORDING = {"record", "_record", "record_everywhere", "note", "change_by", "AuditEvent"}
NAMES = {"action", "ACTION", "audited_as"}
ACTION = re.compile(r"[a-z_]+\.[a-z_]+\Z")
ROW = re.compile(r"\| `(?P<action>[a-z_.]+)` \|[^|]+\| (?P<counted>yes|no) \|$", re.MULTILINE)


def actions_in(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and ACTION.match(part.value)
        ):
            yield part.value


def named(target: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}


def parts_of(node: ast.AST) -> Sequence[ast.AST]:
    """Return what may hold an action: arguments of a call that records, values of the names."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return node.args if name in RECORDING else ()
    if isinstance(node, ast.Assign):
        return (node.value,) if NAMES & set().union(*map(named, node.targets)) else ()
    if isinstance(node, ast.AnnAssign):
        return (node.value,) if node.value and NAMES & named(node.target) else ()
    return ()


def recorded(tree: ast.AST) -> Iterator[str]:
    """The actions that a module hands to the log, at once or under one of the usual names."""
    for node in ast.walk(tree):
        for part in parts_of(node):
            yield from actions_in(part)


def in_the_source() -> set[str]:
    return {
        action
        for path in SOURCES
        if "audit" in (source := path.read_text()) or "changes" in source
        for action in recorded(ast.parse(source))
    }


def in_the_docs() -> dict[str, str]:
    rows = ROW.finditer((ROOT / "docs" / "security.md").read_text())
    return {row["action"]: row["counted"] for row in rows}


def test_every_action_is_in_the_table_and_the_other_way_round() -> None:
    assert in_the_source() == set(in_the_docs())


def test_what_is_refused_is_counted() -> None:
    """A refusal that was an entry each time could fill the table. A session that ends is one."""
    once = {action for action, counted in in_the_docs().items() if counted == "no"}
    assert not {action for action in once if action.endswith("refused")}


@pytest.mark.parametrize(
    "source",
    [
        'audit.record(org, actor, "key.created", target)',
        '_record(caller, "key.created" if new else None, key)',
        'action, reason = "key.created", "x"',
        'audited_as: ClassVar[str] = "key.created"',
        'AuditEvent("key.created", actor, target)',
    ],
)
def test_each_way_of_recording_is_noticed(source: str) -> None:
    assert list(recorded(ast.parse(source))) == ["key.created"]
