"""A whole answer: the first choice's message, as the output of a response.

An answer without one raises what looking for it raises: it is no chat completion.
"""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.completions import spoken
from tollgate_llm.dialects.responses_to_chat.output import Output
from tollgate_llm.dialects.responses_to_chat.response import (
    Ending,
    ended,
    head_of,
    incomplete_reason,
    tier_of,
    usage_of,
)
from tollgate_llm.dialects.translation import Json


def to_response(asked: Json, answered: Json) -> Json:
    head = head_of(answered)
    choice = answered["choices"][0]
    reason = incomplete_reason(choice.get("finish_reason"))
    ending = Ending(reason, usage_of(answered), tier_of(answered))
    output = Output(head.number, asked)
    output.feed(_delta(spoken(choice["message"])), choice.get("logprobs"))
    output.close(ending.status)
    return ended(asked, head, output.items, ending)


def _delta(message: Json) -> Json:
    """In a whole message every call is one of its own, whatever number it bears."""
    calls = reading.objects(message.get("tool_calls"))
    return {**message, "tool_calls": [{**call, "index": at} for at, call in enumerate(calls)]}
