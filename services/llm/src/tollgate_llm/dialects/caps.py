"""The output cap of chat completions, which has two names."""

import re

from tollgate_llm.dialects.translation import Json

_REFUSES_MAX_TOKENS = re.compile(r"(.*[/:])?(gpt-([5-9]|1\d)|o\d)")


def cap_of(most: int, model: str) -> Json:
    """OpenAI's reasoning models refuse `max_tokens`. Ollama and other servers do not know
    `max_completion_tokens`, and would write without end. Only the name tells which it is."""
    name = "max_completion_tokens" if _REFUSES_MAX_TOKENS.match(model) else "max_tokens"
    return {name: most}
