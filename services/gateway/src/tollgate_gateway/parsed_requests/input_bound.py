"""What a request has the provider read besides the words of its body.

A body's bytes bound its words. They do not bound a picture, which may be an address; a document or
a recording, of which so many bytes can be any length; what lies with the provider under an id; nor
what the provider's own tools bring in while it answers. Nor are the words all there is: vendors add
some of their own, more of them where there are tools.

Only requests that a limit on tokens or cost binds are looked at. Top-level members are found by a
decoder that skips the rest; a conversation is decoded whole only where a message is more than a
text.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import msgspec


class BoundSource(IntEnum):
    """What bounds the input: the body's bytes, the model's context, what the organisation states
    of its model, or nothing."""

    TEXT = 0
    CONTEXT = 1
    STATED = 2
    NOTHING = 3


TEMPLATE_TOKENS = 64
"""Around a conversation: the longest templates known begin with some 60 tokens of their own."""
TOOLS_TOKENS = 1000
"""Anthropic publishes up to 530 for the prompt that tools or a schema bring with them."""
VENDORS_TOOL_TOKENS = 1500
"""A tool that the vendor defines and the caller runs: up to 735, and 499 for a beta's prompt."""


class InputBound(NamedTuple):
    """`added` are the vendor's own tokens, `images` are to be counted each. `source` says what
    holds for the rest, `field` is the name of the member or part that takes it beyond the bytes.
    `tier` is how it wants to be processed where that has a price of its own, None the usual way.
    `predicted_bytes` is the size of a predicted answer; what misses is paid for as if it were
    said."""

    added: int = 0
    images: int = 0
    source: BoundSource = BoundSource.TEXT
    field: str = ""
    tier: str | None = None
    predicted_bytes: int = 0


TEXT_ONLY = InputBound()
_Sources = list[tuple[BoundSource, str]]


class _Tool(msgspec.Struct, frozen=True):
    type: Any = None


class _Message(msgspec.Struct, frozen=True):
    role: Any = None
    type: Any = None
    content: msgspec.Raw = msgspec.Raw(b"null")
    audio: Any = None
    image_url: Any = None


class _Members(msgspec.Struct, frozen=True):
    """Of the outermost object, in any dialect."""

    tools: msgspec.Raw = msgspec.Raw(b"null")
    functions: msgspec.Raw = msgspec.Raw(b"null")
    response_format: msgspec.Raw = msgspec.Raw(b"null")
    text: msgspec.Raw = msgspec.Raw(b"null")
    output_config: msgspec.Raw = msgspec.Raw(b"null")
    output_format: msgspec.Raw = msgspec.Raw(b"null")
    messages: msgspec.Raw = msgspec.Raw(b"null")
    input: msgspec.Raw = msgspec.Raw(b"null")
    system: msgspec.Raw = msgspec.Raw(b"null")
    instructions: msgspec.Raw = msgspec.Raw(b"null")
    prompt: msgspec.Raw = msgspec.Raw(b"null")
    prediction: msgspec.Raw = msgspec.Raw(b"null")
    context_management: msgspec.Raw = msgspec.Raw(b"null")
    previous_response_id: Any = None
    conversation: Any = None
    container: Any = None
    thread: Any = None
    mcp_servers: Any = None
    web_search_options: Any = None
    compaction: Any = None
    background: Any = None
    fallbacks: Any = None
    service_tier: Any = None
    speed: Any = None
    inference_geo: Any = None


_members = msgspec.json.Decoder(_Members).decode
_messages = msgspec.json.Decoder(list[_Message]).decode
_tools = msgspec.json.Decoder(list[_Tool] | None).decode

_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)

_KEPT_BY_THE_PROVIDER = ("previous_response_id", "conversation", "container", "thread")
_DOES_MORE = ("mcp_servers", "web_search_options", "compaction")
_NOT_BOOKED = ("background", "fallbacks")
"""Answered later, or by a model of another price: what was used is not in the answer."""
_INSTRUCTED = ("tools", "functions", "response_format", "text", "output_config", "output_format")

_CALLERS_TOOLS = frozenset({"function", "custom", "namespace"})
_VENDORS_TOOLS = ("bash_", "text_editor_", "computer_", "memory_", "local_shell", "apply_patch")
_TOOLSETS = ("computer_toolset_", "browser_toolset_")
_USUAL = frozenset({"auto", "default", "standard", "standard_only", "global"})

_IMAGES = frozenset({"image", "image_url", "input_image", "computer_screenshot"})
_NO_WORDS = frozenset({
    "input_audio", "audio", "audio_url", "video", "video_url", "input_video", "file", "input_file",
    "container_upload", "item_reference", "image_generation_call",
})  # fmt: skip
_NO_WORDS_BY_NAME = ("input_audio", "audio_url", "video_url", "audio")
_CHANGES_TOOLS = frozenset({"additional_tools", "configuration_update", "compaction_trigger"})
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_CONVERSATION = ("messages", "input", "system", "instructions")


def bound_input(body: bytes) -> InputBound:
    """Of a body that is known to be a JSON object. What was skipped until now may turn out to be
    none: who knows what a provider makes of that."""
    try:
        return _bound_input(body)
    except _UNREADABLE:
        return InputBound(source=BoundSource.NOTHING, field="body")


def _bound_input(body: bytes) -> InputBound:
    members = _members(body)
    added, seen = _of_tools(members)
    seen += _of_members(members)
    images = 0
    if not all(_is_words(getattr(members, name)) for name in _CONVERSATION):
        images, more = _of_conversation(msgspec.json.decode(body))
        seen += more
    source, field = max(seen, default=(BoundSource.TEXT, ""))
    return InputBound(
        added=TEMPLATE_TOKENS + added,
        images=images,
        source=source,
        field=field,
        tier=_tier(members),
        predicted_bytes=len(bytes(members.prediction)) if _given(members.prediction) else 0,
    )


def _given(raw: msgspec.Raw) -> bool:
    return bytes(raw) != b"null"


def _is_text(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) in (b'"', b"n")


def _is_words(said: msgspec.Raw) -> bool:
    """A text, or messages that are one each."""
    if _is_text(said):
        return True
    try:
        messages = _messages(said)
    except msgspec.ValidationError:
        return False
    return all(
        isinstance(message.role, str)
        and message.type in (None, "message")
        and _is_text(message.content)
        and not message.audio
        and not message.image_url
        for message in messages
    )


def _of_tools(members: _Members) -> tuple[int, _Sources]:
    """The tokens that they bring with them, and those that the provider runs."""
    added = TOOLS_TOKENS if any(_given(getattr(members, name)) for name in _INSTRUCTED) else 0
    try:
        kinds = [tool.type for tool in _tools(members.tools) or ()]
    except msgspec.ValidationError:
        return added, [(BoundSource.STATED, "tools")]
    seen: _Sources = []
    for kind in kinds:
        name = "function" if kind is None else str(kind)
        if name in _CALLERS_TOOLS:
            continue
        if name.startswith(_TOOLSETS):
            seen.append((BoundSource.CONTEXT, f"tools: {name[:64]}"))
        elif not f"{name}_".startswith(_VENDORS_TOOLS):
            seen.append((BoundSource.STATED, f"tools: {name[:64]}"))
        added += VENDORS_TOOL_TOKENS
    return added, seen


def _of_members(members: _Members) -> _Sources:
    seen: _Sources = []
    seen += [(BoundSource.CONTEXT, n) for n in _KEPT_BY_THE_PROVIDER if getattr(members, n)]
    seen += [(BoundSource.STATED, n) for n in _DOES_MORE if getattr(members, n) is not None]
    seen += [(BoundSource.NOTHING, name) for name in _NOT_BOOKED if getattr(members, name)]
    managed = bytes(members.context_management)
    if b"compact" in managed or b"\\u" in managed:
        seen.append((BoundSource.STATED, "context_management"))
    if bytes(members.prompt)[:1] == b"{":
        seen.append((BoundSource.STATED, "prompt"))
    return seen


def _tier(members: _Members) -> str | None:
    """More than one at a time has no price that anyone publishes."""
    asked = (members.service_tier, members.speed, members.inference_geo)
    named = [str(tier)[:64] for tier in asked if tier is not None]
    return "+".join(name for name in named if name not in _USUAL) or None


def _of_conversation(body: dict[str, Any]) -> tuple[int, _Sources]:
    """The pictures in it, and the parts that are no words."""
    images = 0
    seen: _Sources = []
    waiting: list[Any] = [body.get(name) for name in _CONVERSATION]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        if not isinstance(item, dict):
            continue
        kind = item.get("type")
        kind = kind if isinstance(kind, str) else ""
        if kind in _IMAGES or "image_url" in item:
            images += 1
        elif kind in _CHANGES_TOOLS:
            seen.append((BoundSource.STATED, kind))
        elif part := _no_words(kind, item):
            seen.append((BoundSource.CONTEXT, part))
        elif kind not in _CALLS:
            waiting += item.values()
    return images, seen


def _no_words(kind: str, item: dict[str, Any]) -> str:
    """What this part is called if it is read from elsewhere, or is no text."""
    if kind in _NO_WORDS:
        return kind
    if kind == "document":
        source = item.get("source")
        said = isinstance(source, dict) and source.get("type") in ("text", "content")
        return "" if said else kind
    if kind == "reasoning":
        return "" if item.get("encrypted_content") else kind
    if "id" in item and not item.keys() & {"type", "role", "content", "text"}:
        return "item_reference"
    return next((name for name in _NO_WORDS_BY_NAME if item.get(name)), "")
