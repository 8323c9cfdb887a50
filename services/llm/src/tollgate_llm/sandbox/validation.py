"""Checks request bodies against the SDKs' own parameter types.

The types are written for callers: they take generators, tuples and open files. What arrives here
is JSON, so each type's schema is narrowed to what JSON can hold, and a union of objects that bear
a label (`type`, `role`) is read by its label. Models, which no JSON is an instance of, fall away.
Fields that the types do not know pass. A field that may be left out may be null as well, which says
the same: many clients send all the fields that they know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from typing_extensions import TypedDict

from tollgate_llm.sandbox.complaints import complaint, missing
from tollgate_llm.sandbox.errors import InvalidRequest

_LABELS = ("type", "role")
# Fields that a type requires, by its name, and the real API does not: what the vendors' references
# and their own agents send without them is answered.
_OPTIONAL = {
    "FunctionToolParam": ("parameters", "strict"),
    "NamespaceToolParam": ("description",),
    "ResponseInputImageParam": ("detail",),
    "ResponseOutputMessageParam": ("id", "status", "type"),
    "ResponseOutputTextParam": ("annotations",),
    "ResponseReasoningItemParam": ("id",),
}


class ParamsType:
    """A parameter type by the module and name it has in an SDK.

    The SDK is imported at first use, which takes seconds: `load` does it beforehand.
    The types do not say everything: `required` adds fields that only the real API insists on,
    `ranges` the least and most of numbers, `filled` the arrays that must not be empty. `files`
    are the fields that only a form can hold, and are checked where it is read.
    """

    def __init__(
        self,
        module: str,
        name: str,
        *,
        required: Sequence[str] = (),
        ranges: Mapping[str, tuple[float, float]] | None = None,
        filled: Sequence[str] = (),
        files: Sequence[str] = (),
    ) -> None:
        self.module, self.name = module, name
        self.required, self.ranges, self.filled = required, ranges or {}, filled
        self.files = files

    def load(self) -> None:
        """Import the SDK and build the validator now, rather than at the first check."""
        self._validator  # noqa: B018 - a property that keeps its value

    def check(self, body: Mapping[str, Any]) -> None:
        """Raise `InvalidRequest`, naming the field, unless the body is of the type."""
        try:
            self._validator.validate_python(body, strict=True)
        except ValidationError as error:
            raise complaint(error, body) from None
        self._check_beyond_types(body)

    def _check_beyond_types(self, body: Mapping[str, Any]) -> None:
        for name in self.required:
            if body.get(name) is None:
                raise missing(name)
        for name in self.filled:
            if body.get(name) == []:
                raise InvalidRequest(
                    "Expected at least one item.", param=(name,), code="empty_array"
                )
        for name, (least, most) in self.ranges.items():
            value = body.get(name)
            if value is not None and not least <= value <= most:
                message = f"Expected a value from {least} to {most}, but got {value} instead."
                raise InvalidRequest(message, param=(name,), code="invalid_value")

    @cached_property
    def _validator(self) -> SchemaValidator:
        params = getattr(import_module(self.module), self.name)
        if self.files:
            params = self._without_files(params)
        schema = TypeAdapter(params).core_schema
        shared: Any = schema.get("definitions", ())
        definitions = {each["ref"]: each for each in shared}
        return SchemaValidator(_Narrower(definitions).narrow(schema))

    def _without_files(self, params: Any) -> Any:
        fields = get_type_hints(params, include_extras=True)
        rest = {name: kind for name, kind in fields.items() if name not in self.files}
        return TypedDict(self.name, rest, total=False)  # type: ignore[operator]


class _Narrower:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions

    def narrow(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.narrow(each) for each in node]
        if isinstance(node, tuple):
            return tuple(self.narrow(each) for each in node)
        if not isinstance(node, dict):
            return node
        special = self._special.get(str(node.get("type")))
        if special:
            return special(node)
        return {key: self.narrow(value) for key, value in node.items()}

    @cached_property
    def _special(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "generator": lambda node: {
                "type": "list",
                "items_schema": self.narrow(node.get("items_schema", {"type": "any"})),
            },
            "json-or-python": lambda node: self.narrow(node["json_schema"]),
            "model": lambda node: {"type": "is-instance", "cls": node["cls"], **_ref(node)},
            "typed-dict": self._typed_dict,
            "union": self._union,
        }

    def _typed_dict(self, node: Any) -> Any:
        narrowed = {key: self.narrow(value) for key, value in node.items()}
        for name in _OPTIONAL.get(getattr(node.get("cls"), "__name__", ""), ()):
            narrowed["fields"][name]["required"] = False
        for field in narrowed["fields"].values():
            if not field.get("required"):
                field["schema"] = {"type": "nullable", "schema": field["schema"]}
        return narrowed

    def _union(self, node: Any) -> Any:
        choices = [choice for choice in self._flat(node) if self._object(choice)["type"] != "model"]
        for label in _LABELS:
            tagged = self._tagged(choices, label)
            if tagged:
                return {"type": "tagged-union", "discriminator": label, "choices": tagged}
        return {"type": "union", "choices": [self.narrow(choice) for choice in choices]}

    def _flat(self, node: Any) -> list[Any]:
        choices = [each[0] if isinstance(each, tuple) else each for each in node["choices"]]
        inner = [self._flat(each) if each["type"] == "union" else [each] for each in choices]
        return [each for group in inner for each in group]

    def _tagged(self, choices: list[Any], label: str) -> dict[str, CoreSchema]:
        """The choices by their label, or nothing unless each of them must bear it."""
        groups: dict[str, list[Any]] = {}
        for choice in choices:
            field = self._object(choice).get("fields", {}).get(label, {})
            literal = field.get("schema", {})
            if not field.get("required") or literal.get("type") != "literal":
                return {}
            for tag in literal["expected"]:
                groups.setdefault(tag, []).append(self.narrow(choice))
        return {
            tag: group[0] if len(group) == 1 else {"type": "union", "choices": group}
            for tag, group in groups.items()
        }

    def _object(self, choice: Any) -> Any:
        """The schema behind a reference."""
        while choice["type"] == "definition-ref":
            choice = self.definitions[choice["schema_ref"]]
        return choice


def _ref(node: Any) -> dict[str, Any]:
    return {"ref": node["ref"]} if "ref" in node else {}
