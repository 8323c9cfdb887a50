"""The credential of a request, told apart by its looks; nothing is verified here."""

import hashlib
from typing import NamedTuple

from werkzeug.datastructures import Headers

from tollgate_common.errors import Unauthorized
from tollgate_common.keyformat import looks_valid

MAX_CREDENTIAL_BYTES = 8192


class ApiKey(NamedTuple):
    """An API key, by the SHA-256 of the whole key: the key itself goes no further."""

    digest: str


class Token(NamedTuple):
    """A signed token: a user's access token, or a service's own."""

    text: str


def credential_of(headers: Headers) -> ApiKey | Token:
    """`Authorization: Bearer …`, else `x-api-key: …`; anything else is `Unauthorized`."""
    text = _presented(headers)
    if not text or len(text) > MAX_CREDENTIAL_BYTES or not text.isascii():
        raise Unauthorized(
            "No usable credential: send `Authorization: Bearer <key>` or `x-api-key: <key>`."
        )
    if text.startswith("tg_"):
        if not looks_valid(text):
            raise Unauthorized("This is not a well-formed API key; was it copied whole?")
        return ApiKey(hashlib.sha256(text.encode()).hexdigest())
    if text.count(".") == 2:
        return Token(text)
    raise Unauthorized("This is neither an API key of this platform nor an access token.")


def _presented(headers: Headers) -> str:
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest:
        return rest.strip()
    return headers.get("x-api-key", "").strip()
