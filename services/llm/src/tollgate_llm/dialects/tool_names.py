"""Names of tools that are longer than a provider takes, or that stand in a namespace.

What a tool is called at the provider depends on nothing but its own name, so that it is called the
same in every turn of a conversation. Two tools whose names would be the same get other ones.
"""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

MAX_CHARACTERS = 64
"""OpenAI takes no longer names; Anthropic takes 128 characters."""

_HASH_CHARACTERS = 8
_REFUSED = re.compile(r"[^A-Za-z0-9_-]")


class ToolName(NamedTuple):
    """A tool's name as the caller has it. Tools in no namespace have an empty one."""

    name: str
    namespace: str = ""


def shortened(name: str) -> str:
    """Return the name, or its beginning and a hash of all of it if it is too long."""
    return name if len(name) <= MAX_CHARACTERS else _hashed(name, name)


def flattened(tool: ToolName) -> str:
    """Return one name for a tool and its namespace: `crm__find` for `find` in `crm`."""
    return shortened(_joined(tool))


def provider_names(tools: Iterable[ToolName]) -> dict[ToolName, str]:
    """Return what each of these tools is called at the provider, no two of them the same."""
    names = {tool: flattened(tool) for tool in tools}
    uses = Counter(names.values())
    return {
        tool: _hashed(name, f"{tool.namespace}\n{tool.name}")
        if tool.namespace and uses[name] > 1
        else name
        for tool, name in names.items()
    }


def _joined(tool: ToolName) -> str:
    if not tool.namespace:
        return tool.name
    between = "" if tool.namespace.endswith("_") else "__"
    return _REFUSED.sub("_", f"{tool.namespace}{between}{tool.name}")


def _hashed(name: str, identity: str) -> str:
    digest = sha256(identity.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{name[: MAX_CHARACTERS - _HASH_CHARACTERS - 1]}_{digest}"
