"""Which headers pass, in either direction.

To the provider goes what belongs to its protocol; who the caller is, where it came from and how
its connection works stays here, and so does what chooses one of the vendor's accounts: the
credential is the organisation's, and whose account pays is set up with the provider. An answer's
headers pass, except those of the connection, those that would speak for our own address, and those
that are ours to set.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

Environ = Mapping[str, object]

_PASSED = {"HTTP_USER_AGENT": "user-agent", "HTTP_ACCEPT": "accept", "CONTENT_TYPE": "content-type"}
_PASSED_FAMILIES = ("HTTP_OPENAI_", "HTTP_ANTHROPIC_", "HTTP_X_STAINLESS_")

# `openai-organization`, `openai-project`, `anthropic-workspace-id`, `anthropic-organization-id`,
# `anthropic-user-profile-id` (whose customer is billed), `x-goog-user-project`.
_CHOOSES_ACCOUNT = re.compile(
    r"HTTP_(?:OPENAI|ANTHROPIC|X_GOOG)_(?:.+_)?"
    r"(?:ACCOUNT|BILLING|CUSTOMER|ORG|ORGANI[SZ]ATION|PROFILE|PROJECT|TENANT|WORKSPACE)(?:_.+)?\Z"
)

_KEPT_BACK = frozenset({
    # of the connection
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "date", "server",
    # the gateway's to tell: the caller's own id, where the provider was sent the ticket's
    "x-client-request-id",
    # about the provider's own address, where a browser would take them to be about ours
    "accept-ch", "alt-svc", "clear-site-data", "content-location", "critical-ch", "document-policy",
    "expect-ct", "link", "location", "nel", "origin-agent-cluster", "permissions-policy",
    "public-key-pins", "referrer-policy", "refresh", "report-to", "reporting-endpoints",
    "service-worker-allowed", "set-cookie", "set-cookie2", "sourcemap", "speculation-rules",
    "strict-transport-security", "timing-allow-origin", "vary", "x-frame-options",
    # orders to a proxy in front, which would send a file or another page of its own instead;
    # `x-accel-buffering` passes, which asks it not to collect a stream
    "x-accel-charset", "x-accel-expires", "x-accel-limit-rate", "x-accel-redirect",
    "x-lighttpd-send-file", "x-litespeed-location", "x-reproxy-url", "x-sendfile",
})  # fmt: skip
_OURS = "x-tollgate-"
_KEPT_BACK_FAMILIES = (
    _OURS,
    "access-control-",
    "content-security-policy",
    "cross-origin-",
)
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
    if variable.startswith(_PASSED_FAMILIES) and _account_choice(variable) is None:
        return _name_of(variable)
    return _PASSED.get(variable)


def dropped_headers(environ: Environ) -> tuple[str, ...]:
    """Return the headers that would choose one of the vendor's accounts, as `header:NAME`. SDKs
    send some of them by themselves, so they are no reason to refuse a request."""
    return tuple(choice for name in environ if (choice := _account_choice(name)) is not None)


@lru_cache(maxsize=4096)
def _account_choice(variable: str) -> str | None:
    """Return what is listed of the header that a variable holds, if it chooses an account."""
    if _CHOOSES_ACCOUNT.match(variable) is None:
        return None
    return f"header:{_name_of(variable)}"


def _name_of(variable: str) -> str:
    return variable.removeprefix("HTTP_").replace("_", "-").lower()


def to_client(received: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The provider's headers that pass; its own request id under another name than ours."""
    passed = []
    for name, value in received:
        lowered = name.lower()
        if lowered == REQUEST_ID:
            passed.append((PROVIDERS_REQUEST_ID, value))
        elif lowered not in _KEPT_BACK and not lowered.startswith(_KEPT_BACK_FAMILIES):
            passed.append((name, value))
    return passed
