"""What becomes of each field of messages on its way into OpenAI's responses.

It is what becomes of it in chat completions, but for what one of the two routes has and the other
has not: responses take addresses of documents, encrypted thoughts and a web search, and no stop
sequences.
"""

from tollgate_llm.dialects.field_rules import MESSAGES_TO_CHAT, Direction, FieldRule

_NO_COUNTERPART = "OpenAI's responses have no counterpart"
_SEARCHED = FieldRule("hint", "what was found is in the answer that it led to")

MESSAGES_TO_RESPONSES = Direction(
    "/v1/messages",
    "the responses of openai, for models that need them",
    _NO_COUNTERPART,
    {
        **MESSAGES_TO_CHAT.rules,
        "**.allowed_callers": FieldRule("refused", _NO_COUNTERPART, (["direct"],)),
        "**.caller": FieldRule("refused", _NO_COUNTERPART, ({"type": "direct"},)),
        "**.transformations": FieldRule("refused", _NO_COUNTERPART, ({},)),
        "max_tokens": FieldRule("translated", "`max_output_tokens`, which is 16 at least"),
        "messages": FieldRule("translated", "`input`"),
        "messages.*.content.*.server_tool_use": _SEARCHED,
        "messages.*.content.*.thinking": FieldRule(
            "hint",
            "only the provider that encrypted a thought can go on from it; one of this provider's "
            "own is a reasoning item",
        ),
        "messages.*.content.*.web_search_tool_result": _SEARCHED,
        "output_config": FieldRule("translated", "`reasoning.effort` and `text.format`"),
        "output_format": FieldRule("translated", "`text.format`"),
        "stop_sequences": FieldRule("refused", _NO_COUNTERPART, ([],)),
        "system": FieldRule("translated", "`instructions`"),
        "thinking": FieldRule(
            "translated",
            "`reasoning.effort`, where thinking is enabled with a budget, and `reasoning.summary`, "
            "where it is to be displayed `summarized`",
        ),
        "tools": FieldRule(
            "translated",
            "`tools`, functions and the web search; names are shortened to 64 characters",
        ),
        "tools.*.blocked_domains": FieldRule(
            "refused", "this provider's search keeps to domains, and cannot avoid any", ([],)
        ),
        "tools.*.input_examples": FieldRule("refused", _NO_COUNTERPART, ([],)),
        "tools.*.max_uses": FieldRule("translated", "`max_tool_calls`"),
        "top_k": FieldRule("refused", "responses limit the choice of tokens by `top_p` only"),
    },
)
