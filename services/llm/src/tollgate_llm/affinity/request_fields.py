"""Where requests carry ids that a provider made: one table, by route.

An id that is not in this table is sent wherever the call goes. So it names every member by which a
caller can have a provider read what it has stored: a conversation, a file, a container's state.
Names that an operator sets up in the vendor's account for all who use it (fine-tuned models, prompt
templates, skills, voices, connectors) are not such ids. `diagnostics.previous_message_id` opens
nothing: it is answered with the reason why a cache was missed.
"""

from collections.abc import Mapping
from typing import NamedTuple

OPENAI = "https://platform.openai.com/docs/api-reference"
ANTHROPIC = "https://platform.claude.com/docs/en"


class IdField(NamedTuple):
    """`path` has `*` for any index or name. `**` stands for any depth, but for what `opaque`
    members hold. The member that it ends in holds an id or a list of ids; what is neither is none.
    """

    path: str
    reference: str


class StoredItem(NamedTuple):
    """An item of a conversation that its provider looks up by `id`, unless one of `content` says
    what is in it. `is_hint` is as in `ProviderId`."""

    content: tuple[str, ...]
    reference: str
    is_hint: bool = False


class RouteIds(NamedTuple):
    """`needles` are bytes of which at least one is in every body that has an id. `opaque` members
    hold what people, models and tools have written, or a record of what was said, and no
    references."""

    needles: tuple[bytes, ...]
    fields: tuple[IdField, ...]
    opaque: frozenset[str] = frozenset()
    items: Mapping[str, StoredItem] = {}


_CREATE = f"{OPENAI}/responses/create"
_INTERPRETER = "https://platform.openai.com/docs/guides/tools-code-interpreter"
_SHELL = "https://platform.openai.com/docs/guides/tools-shell"

RESPONSES = RouteIds(
    needles=(
        b"previous_response_id",
        b'"conversation"',
        b'"container',
        b"file_id",
        b"vector_store_ids",
        b'"id"',
    ),
    fields=(
        IdField("previous_response_id", f"{_CREATE}#responses-create-previous_response_id"),
        IdField("conversation", f"{_CREATE}#responses-create-conversation"),
        IdField("conversation.id", f"{_CREATE}#responses-create-conversation"),
        IdField("tools.**.container", _INTERPRETER),
        IdField("tools.**.container_id", _SHELL),
        IdField("tools.**.file_id", "https://platform.openai.com/docs/guides/image-generation"),
        IdField("tools.**.file_ids", _INTERPRETER),
        IdField("tools.**.vector_store_ids", f"{OPENAI}/vector-stores"),
        IdField("input.**.container", _INTERPRETER),
        IdField("input.**.container_id", _INTERPRETER),
        IdField("input.**.file_id", f"{_CREATE}#responses-create-input"),
        IdField("input.**.file_ids", _INTERPRETER),
        IdField("input.**.vector_store_ids", f"{OPENAI}/vector-stores"),
        IdField("prompt.variables.**.file_id", f"{_CREATE}#responses-create-prompt"),
    ),
    opaque=frozenset(
        {
            "annotations",
            "arguments",
            "env",
            "filters",
            "headers",
            "input_schema",
            "metadata",
            "output_schema",
            "parameters",
            "results",
            "schema",
        }
    ),
    items={
        "item_reference": StoredItem((), f"{_CREATE}#responses-create-input"),
        "image_generation_call": StoredItem(
            ("result",), "https://platform.openai.com/docs/guides/image-generation"
        ),
        "reasoning": StoredItem(
            ("encrypted_content", "content"),
            "https://platform.openai.com/docs/guides/reasoning",
            is_hint=True,
        ),
    },
)
CHAT = RouteIds(
    needles=(b"file_id", b'"audio"'),
    fields=(
        IdField("messages.**.file_id", f"{OPENAI}/chat/create#chat-create-messages"),
        IdField("messages.*.audio.id", f"{OPENAI}/chat/create#chat-create-messages"),
    ),
)
MESSAGES = RouteIds(
    needles=(b"file_id", b'"container"'),
    fields=(
        IdField("container", f"{ANTHROPIC}/agents-and-tools/tool-use/code-execution-tool"),
        IdField("container.id", f"{ANTHROPIC}/agents-and-tools/tool-use/code-execution-tool"),
        IdField("messages.**.file_id", f"{ANTHROPIC}/build-with-claude/files"),
        IdField("system.**.file_id", f"{ANTHROPIC}/build-with-claude/files"),
    ),
    opaque=frozenset({"citations", "input"}),
)

BY_PATH: Mapping[str, RouteIds] = {
    "/v1/responses": RESPONSES,
    "/v1/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/v1/messages/count_tokens": MESSAGES,
}
