"""What passes from one hop to the next, whatever the route: paths whole, headers chosen."""

from collections.abc import Iterable
from functools import lru_cache

from flask import Request

from tollgate_common.request_ids import CLIENT_HEADER, HEADER, RequestIds
from tollgate_common.stream_cost import HEADER as STREAM_COST

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "host", "expect",
})  # fmt: skip
_OF_THE_HOP = HOP_BY_HOP | {"date", "server"}
_OF_THE_HOP_BUT_LENGTH = _OF_THE_HOP - {"content-length"}
CREDENTIALS = frozenset({"authorization", "x-api-key", "cookie"})
IDS = frozenset({HEADER, CLIENT_HEADER})
OURS = "x-tollgate-"
PASSED_OF_OURS = frozenset(
    {
        "x-tollgate-timeout",
        "x-tollgate-drop-params",
        "x-tollgate-cache",
        STREAM_COST,
    }
)


def target(request: Request) -> str:
    """The path with its query string, as it came; of a whole URL, which a request line may have
    (RFC 9112, section 3.2.2), no more than that."""
    environ = request.environ
    query = environ.get("QUERY_STRING", "")
    path = environ.get("RAW_URI", request.path).split("?", 1)[0]
    if not path.startswith("/"):
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    return f"{path}?{query}" if query else path


def forward_headers(request: Request, assertion: str | None, ids: RequestIds) -> dict[str, str]:
    """The caller's headers without its credentials; auth's assertion in their place. Of the ids
    it is ours that names the request, and the caller's only if it can be one."""
    headers = {
        name: value
        for variable, value in request.environ.items()
        if (name := _passed_as(variable)) is not None
    }
    headers["X-Request-Id"] = ids.own
    if ids.client is not None:
        headers["X-Client-Request-Id"] = ids.client
    if assertion:
        headers["Authorization"] = f"Bearer {assertion}"
    return headers


@lru_cache(maxsize=4096)
def _passed_as(variable: str) -> str | None:
    """The name of the header that a variable of the environment holds, if it is to pass."""
    if not variable.startswith("HTTP_") and variable != "CONTENT_TYPE":
        return None
    name = variable.removeprefix("HTTP_").replace("_", "-").title()
    lowered = name.lower()
    if lowered in HOP_BY_HOP or lowered in CREDENTIALS or lowered in IDS:
        return None
    if lowered.startswith(OURS) and lowered not in PASSED_OF_OURS:
        return None
    return name


def answer_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer that concern the caller, but for its body's length."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_THE_HOP]


def whole_answer_headers(
    headers: Iterable[tuple[str, str]], own: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The same of an answer whose body passes untouched, so its length is what it was; with
    headers of our own in the place of any by their names."""
    ours = {name for name, _ in own}
    passed = [
        (name, value)
        for name, value in headers
        if (lowered := name.lower()) not in _OF_THE_HOP_BUT_LENGTH and lowered not in ours
    ]
    return passed + own
