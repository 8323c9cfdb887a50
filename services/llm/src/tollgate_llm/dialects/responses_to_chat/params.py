"""Which field of responses became a parameter of chat completions, for those who are told of it."""

import re

from tollgate_llm.dialects.translation import Json

_RENAMED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"max_(completion_)?tokens$", "max_output_tokens"),
        (r"reasoning_effort$", "reasoning.effort"),
        (r"verbosity$", "text.verbosity"),
        (r"response_format(\.json_schema)?", "text.format"),
        (r"tools\.\d.*", "tools"),
        (r"tool_choice\..*", "tool_choice"),
        (r"messages(\.\d.*)?$", "input"),
        (r"messages\.\*\.reasoning_content$", "input.*.summary"),
        (r"messages\.\*\.thinking_blocks.*", "input.*.encrypted_content"),
        (r"messages\.\*\.content\.\*\.(image_url|file)\.", "input.*.content.*."),
        (r"messages\.\*", "input.*"),
    )
)
"""Items and tools are put together on the way, so that their numbers are not the caller's. Hints
have no numbers."""


def caller_param(param: str, request: Json) -> str:
    """Return the caller's name of a parameter that was made of this request."""
    if param.startswith("messages.0") and request.get("instructions"):
        return "instructions"
    if param == "logprobs":
        return "top_logprobs" if request.get("top_logprobs") else "include"
    for pattern, name in _RENAMED:
        if match := pattern.match(param):
            return name + param[match.end() :]
    return param
