"""Which answers with status 200 are none: an error, a page for people, or nothing at all.

Some providers have said 200 before they know whether they can answer. OpenRouter puts the error
into the body, with the status it would have had (openrouter.ai/docs/api/errors); OpenAI's
responses say `status: failed`; Google's list has one error in it; proxies send a page, or nothing.
Such an answer counts as a failure with the status that it names, or else 502.

An answer is only taken for none on evidence: what these rules do not know passes as it came. Sound,
subtitles and the plain text of a recording are no JSON, and are judged only where they claim to be.
"""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from tollgate_common.errors.dialects import Dialect

BAD_GATEWAY = 502
NO_ANSWER = "no_answer"
LONGEST_WORDS = 1000
DEEPEST_WORDS = 4
NO_REASON = "no reason given"

_ALERT = re.compile(rb'"error"\s*:\s*(?!null\b|""|\{\s*\}|false\b|\s)|"status"\s*:\s*"failed"')
_EVENT_FIELD = re.compile(r"(?:data|event|id|retry)?:")
_RESULTS = frozenset(
    {
        "choices",
        "output",
        "content",
        "data",
        "results",
        "input_tokens",
        "text",
        "segments",
    }
)
_HINTS = (
    "error",
    "errors",
    "error_message",
    "error_msg",
    "detail",
    "message",
    "msg",
    "base_resp",
)
_WORDS = ("message", "detail", "msg", "status_msg", "error", "raw")
_CODES = ("code", "status", "status_code", "type")

# The names that vendors give to their errors: Anthropic's types, OpenAI's types and codes, Google's
# and AWS's names for theirs.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "server_is_overloaded": 503,
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "resource_exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "deadline_exceeded": 504,
    "validationexception": 400,
    "accessdeniedexception": 403,
    "resourcenotfoundexception": 404,
    "modeltimeoutexception": 408,
    "throttlingexception": 429,
    "modelnotreadyexception": 429,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
}


class NonAnswer(NamedTuple):
    """`status` is the HTTP status that the failure would have had; `words` are the provider's, or
    say what came instead of an answer. `shape` is the dialect whose error the body looks like, so
    that it can be passed on as it is."""

    status: int
    words: str
    shape: Dialect | None = None


def judge(
    body: bytes, content_type: str | None, *, json_only: bool, has_usage: bool
) -> NonAnswer | None:
    """Return why a whole body is no answer; None when it is one, or may be.

    `json_only` says that every answer of the route is JSON, `has_usage` that usage has been read
    from the body: it is JSON then, and is looked at no further unless an error may be in it.
    """
    kind = _kind_of(content_type)
    if kind == "html":
        return NonAnswer(BAD_GATEWAY, "a page came instead of an answer")
    is_json = kind == "json" or (json_only and (kind != "bytes" or not body))
    if not is_json or (has_usage and not _may_hold_an_error(body)):
        return None
    return _judge_json(body, json_only)


def judge_document(document: dict[str, Any]) -> NonAnswer | None:
    """Return why a JSON object is no answer; None when it is one, or may be."""
    if document.get("type") == "error" or document.get("status") == "failed":
        return failure_of(document)
    if document.get("error") and not _has_result(document):
        return failure_of(document)
    if choice := _failed_choice(document.get("choices")):
        return failure_of(choice)._replace(shape=None)
    if document.get("usage") or any(document.get(name) is not None for name in _RESULTS):
        return None
    if not document:
        return NonAnswer(BAD_GATEWAY, "an empty object came instead of an answer")
    return _hinted(document)


def failure_of(document: dict[str, Any]) -> NonAnswer:
    """Return the failure that an object tells of, in its `error` or in itself."""
    error = document.get("error") or document
    return NonAnswer(_status_of(error, document), _words_of(error), _shape_of(document))


def _may_hold_an_error(body: bytes) -> bool:
    # Searching for a text is many times as fast as for an expression, and bodies can be large.
    return b'"error"' in body and _ALERT.search(body) is not None


def _judge_json(body: bytes, json_only: bool) -> NonAnswer | None:
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        return NonAnswer(BAD_GATEWAY, "the answer is empty")
    if _EVENT_FIELD.match(text):
        return None  # a stream that nobody has labelled as one
    try:
        document, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError:
        return _unreadable(text) if json_only else None
    except (ValueError, RecursionError):
        return None  # numbers too long and objects too deep for us
    if isinstance(document, list) and document and isinstance(document[0], dict):
        found = judge_document(document[0])
        return found and found._replace(shape=None)
    if isinstance(document, dict):
        return judge_document(document)
    if not json_only:
        return None
    words = _words_of(document) if isinstance(document, str) else "the answer is no object"
    return NonAnswer(BAD_GATEWAY, words)


def _unreadable(text: str) -> NonAnswer:
    what = "a page came instead of an answer" if text[0] == "<" else "the answer is no JSON"
    return NonAnswer(BAD_GATEWAY, what)


@lru_cache(maxsize=256)
def _kind_of(content_type: str | None) -> str:
    """Return what a body claims to be: `json`, `html`, `text`, `bytes`, or nothing (`unsaid`)."""
    if not content_type:
        return "unsaid"
    media = content_type.partition(";")[0].strip().lower()
    if media.endswith("json"):
        return "json"
    if media in ("text/html", "application/xhtml+xml"):
        return "html"
    return "text" if media.startswith("text/") else "bytes"


def _has_result(document: dict[str, Any]) -> bool:
    choices = document.get("choices")
    if isinstance(choices, list) and any(map(_has_said, choices)):
        return True
    return any(document.get(name) for name in _RESULTS if name != "choices")


def _failed_choice(choices: Any) -> dict[str, Any] | None:
    """Return the first of the choices when all of them are errors, and nothing was said."""
    if not isinstance(choices, list) or not choices:
        return None
    failed = all(isinstance(choice, dict) and choice.get("error") for choice in choices)
    return choices[0] if failed and not any(map(_has_said, choices)) else None


def _has_said(choice: Any) -> bool:
    if not isinstance(choice, dict):
        return True
    said = choice.get("message") or choice.get("delta") or {}
    if not isinstance(said, dict):
        return True
    return bool(said.get("content") or said.get("tool_calls") or choice.get("text"))


def _hinted(document: dict[str, Any]) -> NonAnswer | None:
    """Return the failure of an object that holds no result, and says why in a usual way."""
    for name in _HINTS:
        hint = document.get(name)
        is_object_of_an_answer = name == "message" and not isinstance(hint, str)
        if hint and not is_object_of_an_answer:
            return NonAnswer(_status_of(hint, document), _words_of(hint))
    return None


def _shape_of(document: dict[str, Any]) -> Dialect | None:
    error = document.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    if document.get("type") == "error":
        return "anthropic" if isinstance(error.get("type"), str) else None
    return None if "object" in document else "openai"


def _status_of(error: Any, document: dict[str, Any]) -> int:
    """Return the first status from 400 to 599 that an error names, in numbers or by a name."""
    objects = [each for each in (error, document) if isinstance(each, dict)]
    named = [each.get(code) for each in objects for code in _CODES]
    for value in named:
        number = int(value) if isinstance(value, str) and re.fullmatch(r"\d{3}", value) else value
        if type(number) is int and 400 <= number <= 599:
            return number
    names = [value.lower() for value in named if isinstance(value, str)]
    return next((_STATUSES[name] for name in names if name in _STATUSES), BAD_GATEWAY)


def _words_of(error: Any) -> str:
    return _words_in(error, DEEPEST_WORDS)[:LONGEST_WORDS] or NO_REASON


def _words_in(error: Any, depth: int) -> str:
    """Return the first words in an error, or in what its usual names hold; empty where there are
    none within so many levels."""
    if isinstance(error, str):
        return error.strip()
    if depth and isinstance(error, list) and error:
        return _words_in(error[0], depth - 1)
    if depth and isinstance(error, dict):
        found = (_words_in(error.get(name), depth - 1) for name in _WORDS)
        return next(filter(None, found), "")
    return ""
