"""Which request a key stands for, and how its answer is sealed.

A key is the caller's own: another key or user of the organisation that sends the same one means
something else. The same request is the same path and query, the same body to the byte (of a form:
whatever its boundary, which SDKs make anew for each attempt) and the same version and betas of the
vendor's API.

Redis gets none of it to read: names and fingerprints are digests, and an answer is sealed with a
key that is made of the Idempotency-Key and the request, which only the caller has.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tollgate_common.multipart import read_form
from tollgate_common.principal import Principal
from tollgate_common.sealing import Sealer
from tollgate_gateway.idempotency.errors import InvalidKey

VARIABLE = "HTTP_IDEMPOTENCY_KEY"
_KEY = re.compile(r"[!-~]{1,255}\Z")
_VARY = ("HTTP_ANTHROPIC_VERSION", "HTTP_ANTHROPIC_BETA", "HTTP_OPENAI_BETA")


class Place(NamedTuple):
    """`name` is the key's, `fingerprint` the request's."""

    org: str
    name: str
    fingerprint: str
    sealer: Sealer


def place_of(principal: Principal, target: str, body: bytes, environ: Mapping[str, Any]) -> Place:
    """Of a request that has the header; `InvalidKey` if it cannot be one."""
    key = str(environ[VARIABLE])
    if not _KEY.match(key):
        raise InvalidKey
    caller = principal.key or principal.user or ""
    name = _digest(b"name", principal.org, principal.mode, caller, key)
    vary = [str(environ.get(variable, "")) for variable in _VARY]
    request = _digest(b"request", target, *vary, _digest_of(body, environ).hex())
    fingerprint = _digest(b"fingerprint", name.hex(), key, request.hex())
    seal = base64.urlsafe_b64encode(_digest(b"seal", name.hex(), key, request.hex()))
    return Place(principal.org, name.hex(), fingerprint.hex(), Sealer(seal.decode()))


def _digest_of(body: bytes, environ: Mapping[str, Any]) -> bytes:
    if body.startswith(b"--"):  # a form: JSON never does
        return read_form(body, str(environ.get("CONTENT_TYPE", ""))).digest()
    return hashlib.sha256(body).digest()


def _digest(purpose: bytes, *parts: str) -> bytes:
    """No part can be taken for two, or two for one: none has a NUL in it."""
    return hashlib.sha256(b"\0".join((purpose, *(part.encode() for part in parts)))).digest()
