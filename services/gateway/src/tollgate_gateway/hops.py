"""What passes from one hop to the next, whatever the route: paths whole, headers chosen."""

from collections.abc import Iterable

from flask import Request

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "host", "expect",
})  # fmt: skip
CREDENTIALS = frozenset({"authorization", "x-api-key", "cookie"})
OURS = "x-tollgate-"
PASSED_OF_OURS = frozenset({"x-tollgate-timeout", "x-tollgate-drop-params", "x-tollgate-cache"})


def target(request: Request) -> str:
    """The path with its query string, as it came; of a whole URL, which a request line may have
    (RFC 9112, section 3.2.2), no more than that."""
    query = request.query_string.decode("latin-1")
    path = request.environ.get("RAW_URI", request.path).split("?", 1)[0]
    if not path.startswith("/"):
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    return f"{path}?{query}" if query else path


def forward_headers(request: Request, assertion: str | None, request_id: str) -> dict[str, str]:
    """The caller's headers without its credentials; auth's assertion in their place."""
    headers = {
        name: value
        for name, value in request.headers
        if (lowered := name.lower()) not in HOP_BY_HOP
        and lowered not in CREDENTIALS
        and (not lowered.startswith(OURS) or lowered in PASSED_OF_OURS)
    }
    headers["X-Request-Id"] = request_id
    if assertion:
        headers["Authorization"] = f"Bearer {assertion}"
    return headers


def answer_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer that concern the caller."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
