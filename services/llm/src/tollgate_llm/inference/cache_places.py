"""Where the exact cache keeps an answer, and how it is sealed there.

Redis gets none of it to read. Of an HMAC of the request, under a secret that is made of
ENCRYPTION_KEY, one part names the place and another seals what is there: that opens only for who
sends the same request, and nobody can try out from a copy of Redis what was asked.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any, NamedTuple

import msgspec

from tollgate_common.multipart import read_form
from tollgate_common.sealing import Sealer
from tollgate_common.unsupported import Unsupported
from tollgate_llm.inference.headers import Environ

PURPOSE = "exact cache"
_VARY = (
    "HTTP_ANTHROPIC_VERSION",
    "HTTP_ANTHROPIC_BETA",
    "HTTP_OPENAI_BETA",
    "HTTP_X_TOLLGATE_MAX_OUTPUT",
)


class CacheScope(NamedTuple):
    """Those who get the same answer to the same request. `project` is None where it is for every
    project of the organisation."""

    org: str
    mode: str
    project: str | None
    unsupported: Unsupported


class CachedRequest(NamedTuple):
    """What an answer depends on. `query` is what the provider gets of the address's."""

    path: str
    query: str
    body: bytes
    environ: Environ


class Place(NamedTuple):
    """Where an answer is, or is to be, and for how many seconds. `listing` names what there is."""

    listing: str
    key: str
    seconds: int
    sealer: Sealer

    def sealed(self, kept: bytes) -> bytes:
        return self.sealer.seal(kept, self.key)

    def opened(self, sealed: bytes) -> bytes:
        """Return what was sealed for this place, or raise `SealBroken`."""
        return self.sealer.open(sealed, self.key)


def place_of(secret: bytes, scope: CacheScope, request: CachedRequest, seconds: int) -> Place:
    """Return where the answer to a request is kept."""
    vary = [str(request.environ.get(name, "")) for name in _VARY]
    meaning = _meaning(request.body, request.environ)
    canonical = msgspec.json.encode(
        [request.path, request.query, *scope, *vary, meaning], order="deterministic"
    )
    listing = f"llm:cache:{scope.org}"
    name = hmac.digest(secret, b"name\0" + canonical, "sha256").hex()
    seal = hmac.digest(secret, b"seal\0" + canonical, "sha256")
    return Place(listing, f"{listing}:{name}", seconds, Sealer(urlsafe_b64encode(seal).decode()))


def _meaning(body: bytes, environ: Environ) -> Any:
    """Return what the body says, however it is written down. Where an object in it has a member
    twice, nobody but its provider knows what that says, and it is the bytes that count."""
    if body.startswith(b"--"):  # a form: JSON never does
        return read_form(body, str(environ.get("CONTENT_TYPE", ""))).digest()
    value = msgspec.json.decode(body)
    return {"bytes": body} if _may_have_duplicates(body, value) else value


def _may_have_duplicates(body: bytes, value: Any) -> bool:
    """Return whether an object has a member twice. What an encoder would write the same way has
    none; SDKs write so, which saves their bodies the slow look at every object."""
    if msgspec.json.encode(value) == body:
        return False
    try:
        json.loads(body, object_pairs_hook=_unique, parse_int=float)
    except ValueError:
        return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Raise `ValueError` for an object that has a member twice."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a member twice")
