"""The most that a request has the provider read, as far as its body says.

Text counts as the provider sees it, decoded, a token for each byte of UTF-8, with a stated overhead
for each message, tool and conversation: the JSON around it is no text. Tools, schemas and every
member that is not known here count as the JSON that they are. Text does not bound a picture, which
may be an address; a document or a recording, of which so many bytes can be any length; what lies
with the provider under an id; nor what the provider's own tools bring in while it answers.

Only requests that a limit on tokens or cost binds are looked at. The time that this
takes grows with the body, and with nothing else.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from tollgate_common.usage_lines import Kind
from tollgate_gateway.parsed_requests import vendor_rules as rules
from tollgate_gateway.parsed_requests.conversation import Conversation, Source
from tollgate_gateway.parsed_requests.other_models import (
    OtherModel,
    UnboundedModel,
    other_models,
)
from tollgate_gateway.parsed_requests.parsed_request import Medium
from tollgate_gateway.parsed_requests.text_tokens import json_tokens
from tollgate_gateway.parsed_requests.vendor_rules import BoundSource

__all__ = ["BoundSource", "FeeBound", "InputBound", "bound_input"]

_NOT_OTHER = rules.SETTINGS.union(rules.CONVERSATION)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeBound:
    """The most that a request can use of what is charged by the piece. `max_uses` is None where the
    request does not say; `field` names the part of the request that brings the fee."""

    kind: Kind
    max_uses: int | None
    field: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InputBound:
    """What bounds the input of a request.

    `text_tokens` are the most that its text can come to, with what the vendor adds; `images` are
    to be counted each. `source` says what holds for the rest, and `field` names the member or part
    that has the provider read more than the text. `tier` is how the request wants to be processed
    where that has a price of its own, None the usual way. `predicted_tokens` are those of a
    predicted answer; what misses is paid for as if it were said. `fees` are those of the vendor's
    own tools; `runs` is how often the model may write up to its cap. `others` are the models that
    the provider may ask beside it; each advice has the model read the conversation anew."""

    text_tokens: int
    images: int = 0
    source: BoundSource = BoundSource.TEXT
    field: str = ""
    tier: str | None = None
    predicted_tokens: int = 0
    fees: tuple[FeeBound, ...] = ()
    runs: int = 1
    others: tuple[OtherModel, ...] = ()

    @property
    def reads(self) -> int:
        """Return how often the model may read the conversation."""
        return 1 + sum(other.max_uses for other in self.others if other.is_advisor)

    @property
    def advice_tokens(self) -> int:
        """Return what advisors may add to the conversation."""
        advisors = (other for other in self.others if other.is_advisor)
        return sum(other.max_uses * (other.cap or 0) for other in advisors)


UNREADABLE = "body"
"""The field of a body that is no JSON to its end."""


class _DuplicateMember(ValueError):
    """An object has a member twice; the message is its name."""


def bound_input(body: bytes, medium: Medium = "text") -> InputBound:
    """Return what bounds the input of a body that is known to be a JSON object.

    Nothing bounds a body of which a provider may read something else than is read here: one that
    has a member twice, or parts that are not JSON after all."""
    try:
        members = _decoded(body)
        return _bound_text(members) if medium == "text" else _bound_other(members)
    except _DuplicateMember as duplicate:
        return _unbounded(body, f"{duplicate}: twice")
    except UnboundedModel as other:
        return _unbounded(body, str(other))
    except (ValueError, RecursionError):
        return _unbounded(body, UNREADABLE)


def _unbounded(body: bytes, field: str) -> InputBound:
    shown = field[-rules.MAX_SHOWN_CHARACTERS :]
    return InputBound(text_tokens=len(body), source=BoundSource.NOTHING, field=shown)


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) < len(members):
        names = [name for name, _ in members]
        raise _DuplicateMember(next(name for name in names if names.count(name) > 1))
    return unique


_decode_fast = msgspec.json.Decoder().decode
_decode_strictly = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_float=str).decode


def _decoded(body: bytes) -> dict[str, Any]:
    """Decode the body, or raise `_DuplicateMember`, another `ValueError` or `RecursionError`.

    A body that an encoder would write the same way, byte for byte, has no member twice. SDKs write
    theirs so, and their bodies need no slow look at every object."""
    with suppress(msgspec.MsgspecError):
        members: dict[str, Any] = _decode_fast(body)
        if msgspec.json.encode(members) == body:
            return members
    strict: dict[str, Any] = _decode_strictly(body.decode())
    return strict


def _bound_text(members: dict[str, Any]) -> InputBound:
    conversation = _conversation(members)
    tools_tokens, sources = _tools(members)
    sources += conversation.sources + _member_sources(members)
    source, field = max(sources, default=(BoundSource.TEXT, ""))
    prediction = members.get("prediction")
    return InputBound(
        text_tokens=conversation.tokens + tools_tokens + _other_tokens(members),
        images=conversation.images,
        source=source,
        field=field,
        tier=_tier(members),
        predicted_tokens=0 if prediction is None else json_tokens(prediction),
        fees=_fees(members),
        runs=rules.COMPACTING_RUNS if _compacts(members) else 1,
        others=other_models(members),
    )


def _bound_other(members: dict[str, Any]) -> InputBound:
    """Return what bounds a text that is to be embedded, drawn or spoken."""
    conversation = _conversation(members)
    source, field = max(conversation.sources, default=(BoundSource.TEXT, ""))
    return InputBound(
        text_tokens=conversation.tokens + _other_tokens(members),
        images=conversation.images,
        source=source,
        field=field,
    )


def _conversation(members: dict[str, Any]) -> Conversation:
    conversation = Conversation(tokens=rules.TEMPLATE_TOKENS)
    for name in rules.CONVERSATION:
        if (value := members.get(name)) is not None:
            conversation.tokens += rules.MEMBER_TOKENS
            conversation.read_prompts(value)
    return conversation


def _other_tokens(members: dict[str, Any]) -> int:
    """Return the tokens of every member that is neither a setting nor part of the conversation."""
    others = {name: value for name, value in members.items() if name not in _NOT_OTHER}
    return json_tokens(others) if others else 0


def _tools(members: dict[str, Any]) -> tuple[int, list[Source]]:
    """Return the tokens that tools bring beside their own, and what bounds those that the provider
    runs."""
    has_prompt = any(members.get(name) is not None for name in rules.SHAPING)
    tokens = rules.TOOLS_TOKENS if has_prompt else 0
    tools = members.get("tools")
    if tools is None:
        return tokens, []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        return tokens, [(BoundSource.STATED, "tools")]
    sources: list[Source] = []
    for tool in tools:
        kind = tool.get("type")
        name = "function" if kind is None else str(kind)
        tokens += rules.TOOL_TOKENS
        if name not in rules.CALLER_TOOLS:
            tokens += rules.VENDOR_TOOL_TOKENS
            sources += _vendor_tool(name)
    return tokens, sources


def _vendor_tool(name: str) -> list[Source]:
    shown = f"tools: {name[: rules.MAX_SHOWN_CHARACTERS]}"
    if name.startswith(rules.VENDOR_TOOLSETS):
        return [(BoundSource.CONTEXT, shown)]
    if name.startswith(rules.ADVISORS):
        return []
    is_run_by_caller = f"{name}_".startswith(rules.VENDOR_TOOLS)
    return [] if is_run_by_caller else [(BoundSource.STATED, shown)]


def _member_sources(members: dict[str, Any]) -> list[Source]:
    """Return what bounds that which members of the request have the provider read or do."""
    by_context = (*rules.KEPT_BY_THE_PROVIDER, *rules.RENDERED_BY_THE_PROVIDER)
    sources = [(BoundSource.CONTEXT, name) for name in by_context if members.get(name)]
    sources += [
        (BoundSource.STATED, name) for name in rules.SERVER_SIDE if members.get(name) is not None
    ]
    sources += [
        (BoundSource.NOTHING, name) for name in rules.NOT_IN_THE_ANSWER if members.get(name)
    ]
    if _compacts(members):
        sources.append((BoundSource.STATED, "context_management"))
    if isinstance(members.get("prompt"), dict):
        sources.append((BoundSource.STATED, "prompt"))
    return sources


def _compacts(members: dict[str, Any]) -> bool:
    return "compact" in str(members.get("context_management"))


def _fees(members: dict[str, Any]) -> tuple[FeeBound, ...]:
    """Return what the vendor charges for each use of its tools in the request."""
    tools = members.get("tools")
    if not isinstance(tools, list):
        return ()
    return tuple(
        _fee(kind, tool, members)
        for tool in tools
        for beginning, kind in rules.FEES
        if isinstance(tool, dict) and str(tool.get("type")).startswith(beginning)
    )


def _fee(kind: Kind, tool: dict[str, Any], members: dict[str, Any]) -> FeeBound:
    """Return the most uses of one tool: its own `max_uses`, or all tools' `max_tool_calls`. Code
    runs in one container for each tool."""
    shown = f"tools: {str(tool.get('type'))[: rules.MAX_SHOWN_CHARACTERS]}"
    if kind == "code_sessions":
        return FeeBound(kind=kind, max_uses=1, field=shown)
    uses = [tool.get("max_uses"), members.get("max_tool_calls")]
    counts = [use for use in uses if isinstance(use, int) and not isinstance(use, bool) and use > 0]
    return FeeBound(kind=kind, max_uses=min(counts, default=None), field=shown)


def _tier(members: dict[str, Any]) -> str | None:
    """Return how the request wants to be processed; several ways at once have no price."""
    asked = [members.get(name) for name in ("service_tier", "speed", "inference_geo")]
    named = [str(tier)[: rules.MAX_SHOWN_CHARACTERS] for tier in asked if tier is not None]
    return "+".join(name for name in named if name not in rules.USUAL_TIERS) or None
