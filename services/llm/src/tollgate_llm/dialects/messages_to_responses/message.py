"""A message around its content, made of a response: who it is, how it ended, what was used."""

from collections.abc import Iterable

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat import message
from tollgate_llm.dialects.messages_to_chat.message import Ending
from tollgate_llm.dialects.translation import Json

_REASONS = {"content_filter": "content_filter"}


def message_of(request: Json, response: Json) -> Json:
    """Return it still without content, ending and usage."""
    return message.message_of(request, {**response, "created": response.get("created_at")})


def ending_of(request: Json, response: Json, *, refusal: str, called: bool) -> Json:
    """Return how a response has ended. One that is incomplete was cut off, whatever else is given
    as the reason."""
    details = reading.part(response, "incomplete_details")
    cut = response.get("status") == "incomplete" or bool(details)
    reason = _REASONS.get(reading.text(details, "reason"), "length") if cut else "stop"
    return message.ending_of(request, Ending(reason, refusal=refusal, called=called))


def usage_of(response: Json) -> Json:
    """Return the tokens; responses count as chat completions do, under other names."""
    usage = reading.part(response, "usage")
    return message.tokens_of(
        {
            "prompt_tokens": usage.get("input_tokens"),
            "prompt_tokens_details": usage.get("input_tokens_details"),
            "completion_tokens": usage.get("output_tokens"),
            "completion_tokens_details": usage.get("output_tokens_details"),
        }
    )


def refusal_in(items: Iterable[Json]) -> str:
    parts = (part for item in items for part in reading.objects(item.get("content")))
    return "".join(reading.text(part, "refusal") for part in parts)
