"""Which headers pass, in either direction.

To the provider goes what belongs to its protocol; who the caller is, where it came from and how
its connection works stays here. An answer's headers pass, except those of the connection, those
that would speak for our own address, and those that are ours to set.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

Environ = Mapping[str, object]

_PASSED = {"HTTP_USER_AGENT": "user-agent", "HTTP_ACCEPT": "accept", "CONTENT_TYPE": "content-type"}
_PASSED_FAMILIES = ("HTTP_OPENAI_", "HTTP_ANTHROPIC_", "HTTP_X_STAINLESS_")

_KEPT_BACK = frozenset({
    # of the connection
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "date", "server",
    # the gateway's to tell: the caller's own id, where the provider was sent the ticket's
    "x-client-request-id",
    # about the provider's own address
    "set-cookie", "strict-transport-security", "alt-svc", "report-to", "nel", "expect-ct",
    "content-security-policy", "access-control-allow-origin", "access-control-allow-credentials",
    "access-control-expose-headers", "access-control-allow-headers",
    "access-control-allow-methods", "vary",
})  # fmt: skip
_OURS = "x-tollgate-"
REQUEST_ID = "x-request-id"
PROVIDERS_REQUEST_ID = "x-tollgate-provider-request-id"


def to_provider(environ: Environ, credentials: Mapping[str, str], call_id: str) -> dict[str, str]:
    """The headers of the provider call. The answer is asked for uncompressed: usage is read from
    it, and the caller's own compression is between it and the gateway."""
    headers = {"accept-encoding": "identity", "x-client-request-id": call_id}
    for variable, value in environ.items():
        name = _passed_as(variable)
        if name is not None and value:
            headers[name] = str(value)
    headers.update(credentials)
    return headers


@lru_cache(maxsize=4096)
def _passed_as(variable: str) -> str | None:
    """The name of the header that a variable of the environment holds, if it is to pass."""
    if variable.startswith(_PASSED_FAMILIES):
        return variable[5:].replace("_", "-").lower()
    return _PASSED.get(variable)


def to_client(received: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The provider's headers that pass; its own request id under another name than ours."""
    passed = []
    for name, value in received:
        lowered = name.lower()
        if lowered == REQUEST_ID:
            passed.append((PROVIDERS_REQUEST_ID, value))
        elif lowered not in _KEPT_BACK and not lowered.startswith(_OURS):
            passed.append((name, value))
    return passed
