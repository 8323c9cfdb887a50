"""What becomes of each field of a request on its way into another dialect: one table a direction.

A field is `translated` where the other dialect has words for what it says. A `hint` changes what a
request costs, what is cached or booked, how wordy an answer is, or how a client manages context;
where the other dialect has no word for it, it is left out, and its name is listed. Whatever else
changes what is asked for is `refused` by name, unless the caller wants it left out.
docs/translation.md is made of these tables.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from tollgate_llm.dialects.translation import Drops, Json, pattern_of

Outcome = Literal["translated", "hint", "refused"]


class FieldRule(NamedTuple):
    """`reason` says what a translated field becomes, or why another is left out or refused.
    `without_effect` are the values that say no more than leaving the field out."""

    outcome: Outcome
    reason: str
    without_effect: tuple[Any, ...] = ()


class Direction(NamedTuple):
    """`rules` are keyed by the field's path in the request, with `*` for any index. `**.name` is
    that field wherever it is, and `path.**` all fields of that object that have no other rule.
    `rest` is why a field is refused that has no rule at all."""

    caller: str
    provider: str
    rest: str
    rules: Mapping[str, FieldRule]

    def rule(self, path: str) -> FieldRule:
        """Return the rule for the field at this path."""
        pattern = pattern_of(path)
        parent, _, name = pattern.rpartition(".")
        candidates = (self.rules.get(key) for key in (pattern, f"**.{name}", f"{parent}.**"))
        return next((rule for rule in candidates if rule), _refused(self.rest))

    @property
    def understood(self) -> frozenset[str]:
        """The names of the request's own fields that are translated."""
        translated = (path for path, rule in self.rules.items() if rule.outcome == "translated")
        return frozenset(path for path in translated if "." not in path)


def settle_rest(
    direction: Direction, fields: Json, understood: Collection[str], at: str, drops: Drops
) -> None:
    """Leave out or refuse the fields of an object that are not understood, each by its name. `at`
    is the object's own path, empty for the request itself. Null says nothing."""
    for name, value in fields.items():
        if name in understood or value is None:
            continue
        path = f"{at}.{name}" if at else name
        rule = direction.rule(path)
        if value in rule.without_effect:
            continue
        if rule.outcome == "hint":
            drops.hint(path)
        else:
            drops.add(path, rule.reason)


def _translated(becomes: str) -> FieldRule:
    return FieldRule("translated", becomes)


def _hint(reason: str, *without_effect: Any) -> FieldRule:
    return FieldRule("hint", reason, without_effect)


def _refused(reason: str, *without_effect: Any) -> FieldRule:
    return FieldRule("refused", reason, without_effect)


_SAME = _translated("the field of the same name")
_LABEL = _hint("it labels the request for whoever keeps books")
_CACHE = _hint("this provider caches prompts in its own way; the answer is the same")
_CONTEXT = _hint("it manages how much of a conversation is kept; all of it is sent")
_DEFERRED = _hint("the tool is offered from the first, and need not be searched for", False)
_FOREIGN = _hint("only the provider that signed a thought can go on from it")
_OLD_FUNCTIONS = "say it with `tools`, which have replaced functions"
_STORED = "nothing is stored at this provider"
_HOSTED = _hint("this provider does not run it; refused where `tool_choice` demands it")

CHAT_TO_MESSAGES = Direction(
    "/v1/chat/completions",
    "anthropic",
    "Anthropic's messages have no counterpart",
    {
        "audio": _refused("it neither hears nor speaks"),
        "cache_control": _SAME,
        "frequency_penalty": _refused("Anthropic's messages have no counterpart", 0),
        "function_call": _refused(_OLD_FUNCTIONS, "auto", "none"),
        "functions": _refused(_OLD_FUNCTIONS, []),
        "logit_bias": _refused("Anthropic's messages have no counterpart", {}),
        "logprobs": _refused("it does not tell probabilities", False),
        "max_completion_tokens": _translated("`max_tokens`"),
        "max_tokens": _translated("`max_tokens`, unless `max_completion_tokens` is given"),
        "messages": _translated("`messages`, and `system` for instructions"),
        "messages.*.cache_control": _translated("`cache_control` of its last block"),
        "messages.*.content.*.cache_control": _SAME,
        "messages.*.content.*.file.file_id": _refused(_STORED),
        "messages.*.content.*.image_url.detail": _hint(
            "images are read in as much detail as the model can make out",
            "auto",
            "high",
            "original",
        ),
        "messages.*.content.*.prompt_cache_breakpoint": _translated("`cache_control`"),
        "messages.*.content.*.prompt_cache_breakpoint.ttl": _hint(
            "it keeps nothing for longer than an hour"
        ),
        "messages.*.name": _hint("it does not tell the participants of one role apart"),
        "messages.*.provider_specific_fields": _hint("a client library's notes of another answer"),
        "messages.*.reasoning": _FOREIGN,
        "messages.*.reasoning_content": _FOREIGN,
        "messages.*.reasoning_details": _FOREIGN,
        "messages.*.thinking_blocks": _translated("thinking blocks, if Anthropic signed them"),
        "messages.*.thinking_blocks.*": _FOREIGN,
        "messages.*.tool_calls.*.extra_content": _FOREIGN,
        "metadata": _hint("it labels what is stored, and nothing is", {}),
        "modalities": _refused("it answers in text only", ["text"]),
        "model": _translated("the model's name at the provider"),
        "n": _refused("it gives one answer at a time", 1),
        "parallel_tool_calls": _translated("`tool_choice.disable_parallel_tool_use`"),
        "prediction": _hint("it makes an answer come sooner, and does not change it"),
        "presence_penalty": _refused("Anthropic's messages have no counterpart", 0),
        "prompt_cache_key": _CACHE,
        "prompt_cache_options": _translated("the lifetime of `cache_control`"),
        "prompt_cache_options.prewarm": _hint(_CACHE.reason, False),
        "prompt_cache_retention": _CACHE,
        "reasoning_effort": _translated("`thinking` and `output_config.effort`"),
        "response_format": _translated(
            "`output_config.format`; `json_object`: a line at the end of `system`"
        ),
        "safety_identifier": _translated("`metadata.user_id`"),
        "seed": _hint("no provider promises the same answer for the same seed"),
        "service_tier": _translated(
            "`standard_only`, if it is `default`; others are a hint: there is no other tier"
        ),
        "stop": _translated("`stop_sequences`"),
        "store": _hint(_STORED, False),
        "stream": _SAME,
        "stream_options": _translated("what the gateway itself adds to a stream"),
        "temperature": _SAME,
        "tool_choice": _SAME,
        "tools": _SAME,
        "tools.*.cache_control": _SAME,
        "tools.*.function.cache_control": _translated("`cache_control` of the tool"),
        "top_logprobs": _refused("it does not tell probabilities", 0),
        "top_p": _SAME,
        "user": _translated("`metadata.user_id`, unless `safety_identifier` is given"),
        "verbosity": _hint("how wordy it is cannot be set", "medium"),
        "web_search_options": _refused("its web search is a tool of another kind"),
    },
)

MESSAGES_TO_CHAT = Direction(
    "/v1/messages",
    "openai",
    "chat completions have no counterpart",
    {
        "**.allowed_callers": _refused("chat completions have no counterpart", ["direct"]),
        "**.cache_control": _CACHE,
        "**.caller": _refused("chat completions have no counterpart", {"type": "direct"}),
        "**.citations": _refused("this provider does not cite", {"enabled": False}),
        "**.transformations": _refused("chat completions have no counterpart", {}),
        "betas": _hint("what a beta adds to a request has a rule of its own"),
        "container": _refused("this provider runs no code"),
        "context_management": _hint(_CONTEXT.reason, {}, {"edits": []}),
        "diagnostics": _hint("it asks why a prompt was not cached"),
        "inference_geo": _refused("it cannot be chosen where this provider runs"),
        "max_tokens": _translated("`max_completion_tokens` or `max_tokens`, as the model heeds"),
        "mcp_servers": _refused("this provider calls no MCP servers", []),
        "messages": _SAME,
        "messages.*.content.*.data": _FOREIGN,
        "messages.*.content.*.thinking": _hint(
            f"{_FOREIGN.reason}; one of this provider's own is `reasoning_content`"
        ),
        "metadata": _translated("`user`"),
        "metadata.**": _LABEL,
        "model": _translated("the model's name at the provider"),
        "output_config": _translated("`reasoning_effort` and `response_format`"),
        "output_config.effort": _hint(
            "it is told only to models that reason, or may, at a level that they know"
        ),
        "output_config.task_budget": _hint("it advises a model how much to spend on a task"),
        "output_format": _translated("`response_format`"),
        "service_tier": _SAME,
        "speed": _translated("`service_tier`"),
        "stop_sequences": _translated("`stop`"),
        "stream": _SAME,
        "system": _translated("a system message"),
        "temperature": _SAME,
        "thinking": _translated("`reasoning_effort`, where thinking is enabled with a budget"),
        "thinking.budget_tokens": _hint(
            "as an effort it is told only to models that reason, or may"
        ),
        "tool_choice": _SAME,
        "tools": _translated("`tools`, functions only; names are shortened to 64 characters"),
        "tools.*.defer_loading": _DEFERRED,
        "tools.*.eager_input_streaming": _hint("it changes when the pieces of a call come"),
        "tools.*.input_examples": _refused("chat completions have no counterpart", []),
        "tools.*.tool_search": _hint("all tools are offered from the first"),
        "top_k": _refused("chat completions limit the choice of tokens by `top_p` only"),
        "top_p": _SAME,
        "user_profile_id": _LABEL,
        "workspace_id": _LABEL,
    },
)

RESPONSES_TO_CHAT = Direction(
    "/v1/responses",
    "chat completions, and from there to anthropic",
    "chat completions have no counterpart",
    {
        "**.allowed_callers": _refused("chat completions have no counterpart", ["direct"]),
        "**.async": _refused("chat completions have no counterpart", False),
        "**.caller": _refused("chat completions have no counterpart", {"type": "direct"}),
        "**.defer_loading": _DEFERRED,
        "**.detail": _refused("chat completions have no counterpart", "auto"),
        "**.file_id": _refused(_STORED),
        "background": _refused("this provider answers while the caller waits", False),
        "client_metadata": _LABEL,
        "context_management": _hint(_CONTEXT.reason, []),
        "conversation": _refused(_STORED),
        "image": _hint("it changes how much room images take", {"context_compression": "auto"}),
        "include": _translated("`logprobs`; the rest concerns what there is none of"),
        "input": _translated("`messages`"),
        "input.*.encrypted_content": _hint(
            "only the provider that encrypted this reasoning can read it"
        ),
        "input.*.phase": _hint(
            "chat completions do not tell commentary from answers", "final_answer"
        ),
        "input.*.web_search_call": _hint("what was found is in the answer that it led to"),
        "instructions": _translated("a system message"),
        "max_output_tokens": _translated("`max_completion_tokens` or `max_tokens`"),
        "max_tool_calls": _translated("nothing: it counts hosted tools, of which there are none"),
        "metadata": _translated("nothing: it comes back with the answer"),
        "model": _translated("the model's name at the provider"),
        "moderation": _refused("this provider does not moderate"),
        "parallel_tool_calls": _SAME,
        "previous_response_id": _refused(_STORED),
        "prompt": _refused(_STORED),
        "prompt_cache_key": _SAME,
        "prompt_cache_options": _SAME,
        "prompt_cache_options.prewarm": _hint(_CACHE.reason, False),
        "prompt_cache_options.ttl": _hint("chat completions know `30m` only"),
        "prompt_cache_retention": _SAME,
        "reasoning": _translated("`reasoning_effort`"),
        "reasoning.context": _refused("chat completions have no counterpart", "auto"),
        "reasoning.effort": _hint("it is told only to models that are not known to refuse it"),
        "reasoning.generate_summary": _hint("what is shown of the reasoning is up to the provider"),
        "reasoning.mode": _refused("chat completions have no counterpart", "standard"),
        "reasoning.summary": _hint("what is shown of the reasoning is up to the provider"),
        "safety_identifier": _SAME,
        "service_tier": _SAME,
        "store": _translated("nothing: the answer says that it is not stored"),
        "stream": _SAME,
        "stream_options": _translated("what the gateway itself adds to a stream"),
        "temperature": _SAME,
        "text": _translated("`response_format` and `verbosity`"),
        "tool_choice": _SAME,
        "tools": _translated(
            "`tools`, functions only; those of a namespace have its name in theirs"
        ),
        "tools.*.image_generation": _HOSTED,
        "tools.*.tool_search": _HOSTED,
        "tools.*.web_search": _HOSTED,
        "top_logprobs": _SAME,
        "top_p": _SAME,
        "truncation": _hint(_CONTEXT.reason, "disabled"),
        "user": _SAME,
    },
)
