"""A request's tools, those in namespaces too, and what they are called at the provider."""

from collections.abc import Iterator
from typing import NamedTuple

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.tool_names import ToolName, flattened, provider_names
from tollgate_llm.dialects.translation import Json

_NAMED = ("function", "custom")


class Offered(NamedTuple):
    """`at` is the tool's path in the request; `namespace` is the one that it stands in, if any."""

    at: str
    tool: Json
    namespace: Json | None = None

    @property
    def tool_name(self) -> ToolName:
        return ToolName(reading.text(self.tool, "name"), reading.text(self.namespace or {}, "name"))


class Names:
    """Knows what the request's tools are called at the provider."""

    def __init__(self, request: Json) -> None:
        named = [each for each in offered_in(request) if each.tool.get("type") in _NAMED]
        self._names = provider_names(each.tool_name for each in named)

    def of(self, reference: Json) -> str:
        """Return the provider's name of the tool that a call or a choice names. Earlier calls may
        be to tools that are no longer offered."""
        tool = ToolName(reference["name"], reading.text(reference, "namespace"))
        return self.of_tool(tool)

    def of_tool(self, tool: ToolName) -> str:
        return self._names.get(tool) or flattened(tool)

    def within(self, namespace: str) -> list[str]:
        """Return the provider's names of all tools in the namespace."""
        return [name for tool, name in self._names.items() if tool.namespace == namespace]

    def changed(self) -> dict[str, ToolName]:
        """Return the tools that are called otherwise at the provider, by what they are there."""
        return {name: tool for tool, name in self._names.items() if ToolName(name) != tool}


def offered_in(request: Json) -> Iterator[Offered]:
    """Yield the request's tools, and in place of a namespace the tools in it."""
    for index, tool in enumerate(reading.objects(request.get("tools"))):
        at = f"tools.{index}"
        if tool.get("type") != "namespace":
            yield Offered(at, tool)
            continue
        for inner, each in enumerate(reading.objects(tool.get("tools"))):
            yield Offered(f"{at}.tools.{inner}", each, tool)


def original_names(request: Json) -> dict[str, ToolName]:
    """Return the caller's names of the request's tools that have other ones at the provider, by
    the latter: a call to `crm__find` is one to `find` in the namespace `crm`."""
    return Names(request).changed()
