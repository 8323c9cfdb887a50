"""The headers of an answer: the provider's, where its body passes, and our own."""

from tollgate_common.header_text import printable_header
from tollgate_llm.inference.dropped import DROPPED, dropped_text
from tollgate_llm.inference.exchange import Exchange
from tollgate_llm.inference.headers import to_client
from tollgate_llm.inference.receiving import Answer
from tollgate_llm.inference.retrying import Refused

CONTENT_TYPE, JSON = "content-type", "application/json"
RETRY_AFTER = ("retry-after", "retry-after-ms", "x-should-retry")


def headers_of(exchange: Exchange, answer: Answer | Refused) -> list[tuple[str, str]]:
    """Return what goes before every answer: the provider's own headers where its body passes."""
    passed = _passed_headers(exchange, answer)
    if isinstance(answer, Refused) and answer.non_answer is not None:
        passed = [(name, value) for name, value in passed if name.lower() != CONTENT_TYPE]
        passed += [] if exchange.translation else [(CONTENT_TYPE, JSON)]
    headers = [
        *passed,
        ("x-tollgate-model", printable_header(exchange.route.model)),
        ("x-tollgate-provider", exchange.route.provider.name),
        ("x-tollgate-attempts", str(exchange.account.attempts)),
    ]
    if exchange.translation is not None and exchange.protocol.dialect == "anthropic":
        headers.append(("request-id", exchange.request_id))
    if exchange.request.dropped:
        headers.append((DROPPED, dropped_text(exchange.request.dropped)))
    return headers


def _passed_headers(exchange: Exchange, answer: Answer | Refused) -> list[tuple[str, str]]:
    """Return the provider's own headers. Over a translation they tell of another body; how long to
    wait holds for any."""
    headers = to_client(answer.headers)
    if exchange.translation is None:
        return headers
    return [(name, value) for name, value in headers if name.lower() in RETRY_AFTER]
