"""Google's access tokens: an hour long, given for a service account's signature (RFC 7523).

The credential is the service account's key file as it was downloaded; anything that is no JSON is
an access token already, and used as it is until somebody replaces it. Google away: the token that
is there is used until it ends; then `RelayFailed`, as if the provider itself were away.
"""

import threading
import time
from collections import OrderedDict
from urllib.parse import urlencode, urlsplit

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tollgate_common.outbound import Outbound
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_llm.providers.schemas import http_url

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
ASSERTED_SECONDS = 3600
EARLY_SECONDS = 300.0
REMEMBERED = 1_000
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept-encoding": "identity"}


class KeyFile(msgspec.Struct, frozen=True):
    """What is needed of a service account's key file."""

    client_email: str
    private_key: str
    private_key_id: str | None = None
    token_uri: str = TOKEN_URI


class Granted(msgspec.Struct, frozen=True):
    """The token endpoint's answer."""

    access_token: str
    expires_in: float = ASSERTED_SECONDS


class _Known:
    """What is known for one credential; one request at a time asks for more."""

    def __init__(self) -> None:
        self.token = ""
        self.until = 0.0
        self.asking = threading.Lock()

    def holds_for(self, seconds: float) -> bool:
        return self.until - seconds > time.monotonic()


_key_file = msgspec.json.Decoder(KeyFile).decode
_granted = msgspec.json.Decoder(Granted).decode


def checked_credential(secret: str) -> str:
    """`ValueError` saying what is wrong with it, and nothing of what is in it."""
    secret = secret.strip()
    if not secret.startswith("{"):
        if not secret.isprintable() or " " in secret:
            raise ValueError("a service account's key file, or an access token")
        return secret
    try:
        file = _key_file(secret)
    except msgspec.MsgspecError:
        raise ValueError("is no service account's key file") from None
    try:
        key = load_pem_private_key(file.private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("its `private_key` cannot be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("its `private_key` is no RSA key")
    try:
        http_url(file.token_uri)
    except ValueError as wrong:
        raise ValueError(f"its `token_uri` {wrong}") from None
    return secret


def token_uri_of(credential: str) -> str:
    """Return where access tokens are asked for; Google's address for a credential that is one."""
    return _key_file(credential).token_uri if credential.startswith("{") else TOKEN_URI


class AccessTokens:
    """The tokens of a process, by credential. `outbound` is the rule for the addresses that key
    files name."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def of(self, credential: str, within: float) -> str:
        """One that holds for some minutes yet; renewed within so many seconds."""
        if not credential.startswith("{"):
            return credential
        known = self._known.setdefault(credential, _Known())
        if not known.holds_for(EARLY_SECONDS):
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            with known.asking:
                if not known.holds_for(EARLY_SECONDS):  # else another request has just asked
                    _renew(known, credential, within, self._outbound)
        return known.token


def _renew(known: _Known, credential: str, within: float, outbound: Outbound) -> None:
    now = time.monotonic()
    try:
        granted = _ask(_key_file(credential), within, outbound)
    except RelayFailed:
        if not known.holds_for(0):
            raise
    else:
        known.token, known.until = granted.access_token, now + granted.expires_in


def _ask(file: KeyFile, within: float, outbound: Outbound) -> Granted:
    now = int(time.time())
    claims = {
        "iss": file.client_email, "scope": SCOPE, "aud": file.token_uri,
        "iat": now, "exp": now + ASSERTED_SECONDS,
    }  # fmt: skip
    headers = {"kid": file.private_key_id} if file.private_key_id else None
    assertion = jwt.encode(claims, file.private_key, algorithm="RS256", headers=headers)
    parts = urlsplit(file.token_uri)
    form = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
    try:
        client = RelayClient(f"{parts.scheme}://{parts.netloc}", outbound=outbound)
    except ValueError:
        raise RelayFailed("no access token: its address is none", sent=False, final=True) from None
    try:
        answer = client.send("POST", parts.path or "/", form, _FORM, first_byte=within)
        answer.hurry(within, within)
        body = answer.read()
    except RelayFailed as failed:
        reason = f"no access token: {failed.reason}"
        raise RelayFailed(reason, sent=False, final=failed.final) from None
    finally:
        client.close()
    if answer.status != 200:
        raise RelayFailed(f"no access token: Google answered {answer.status}", sent=False)
    try:
        granted = _granted(body)
        granted.access_token.encode("ascii")
    except (msgspec.MsgspecError, UnicodeError):
        raise RelayFailed("no access token: Google's answer is unreadable", sent=False) from None
    if not granted.access_token.isprintable():
        raise RelayFailed("no access token: Google's is not fit for a header", sent=False)
    return granted
