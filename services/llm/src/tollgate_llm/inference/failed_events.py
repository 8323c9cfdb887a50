"""What a provider's event, or its whole answer, says of a failure in the middle of an answer.

OpenRouter puts an error into the choice, with the finish reason `error`
(openrouter.ai/docs/api-reference/errors); DeepSeek ends with `insufficient_system_resource`
(api-docs.deepseek.com); Google's errors are lists; FastAPI's servers say `detail`.
"""

from typing import Any

from tollgate_llm.inference.non_answers import BAD_GATEWAY, NonAnswer, failure_of, judge_document

UNREADABLE = NonAnswer(BAD_GATEWAY, "an event of its stream cannot be understood")
UNFINISHED = NonAnswer(BAD_GATEWAY, "the stream ended before the answer did")
_FAILED_REASONS = {"error": BAD_GATEWAY, "insufficient_system_resource": 503}


def failure_in(event: Any) -> NonAnswer | None:
    """Return the failure that a decoded event tells of, None where it tells of none."""
    if isinstance(event, list) and event and isinstance(event[0], dict):
        return failure_in(event[0]) or UNREADABLE
    if not isinstance(event, dict):
        return UNREADABLE
    if event.get("type") == "error" or event.get("error"):
        return failure_of(event)
    if event.get("type") == "response.failed":
        response = event.get("response")
        return failure_of(response if isinstance(response, dict) else {})
    if "choices" in event:
        return failure_in_choices(event)
    return judge_document(event) if event and "type" not in event else None


def failure_in_choices(answer: dict[str, Any]) -> NonAnswer | None:
    """Return the failure of a completion or a chunk one of whose choices has failed."""
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        if choice.get("error"):
            return failure_of(choice)._replace(shape=None)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason in _FAILED_REASONS:
            return NonAnswer(_FAILED_REASONS[reason], f"the model stopped with `{reason}`")
    return None
