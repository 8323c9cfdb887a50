"""Every route of every service says who may call it."""

import ast
from pathlib import Path

from tollgate_gateway.inference.endpoints import blueprint as inference
from tollgate_gateway.management.endpoints import blueprint as management
from tollgate_gateway.pages.endpoints import blueprint as pages

ROOT = Path(__file__).resolve().parents[2]
POLICIES = {"public", "requires", "service_only", "authenticated"}
HTTP = {"get", "post", "put", "patch", "delete"}


def policy_of(node: ast.FunctionDef) -> set[str]:
    names = set()
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return names & POLICIES


def resource_methods(path: Path) -> list[tuple[str, ast.FunctionDef]]:
    """The HTTP methods of the classes of a module: what flask-restx calls."""
    return [
        (f"{path.relative_to(ROOT)}:{method.lineno} {owner.name}.{method.name}", method)
        for owner in ast.walk(ast.parse(path.read_text()))
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef) and method.name in HTTP
    ]


def test_every_resource_method_has_exactly_one_policy() -> None:
    methods = [
        found
        for path in ROOT.glob("services/*/src/*/**/endpoints.py")
        for found in resource_methods(path)
    ]
    assert methods
    assert [name for name, method in methods if len(policy_of(method)) != 1] == []


def test_every_view_of_the_gateway_has_a_policy() -> None:
    for blueprint in (inference, management, pages):
        assert blueprint.deferred_functions
    modules = [ROOT / "services/gateway/src/tollgate_gateway" / noun / "endpoints.py"
               for noun in ("inference", "management", "pages")]  # fmt: skip
    views = [
        node
        for module in modules
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert len(views) > 5
    assert [view.name for view in views if len(policy_of(view)) != 1] == []
