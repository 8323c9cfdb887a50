"""The cookie that binds a login to the browser which began it.

It is Flask's signed session, and names the logins that are under way; their state, nonce and
verifier are in Redis. Its key is made from ENCRYPTION_KEY for this one purpose.
"""

import hashlib
import hmac
import logging
from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, session

from tollgate_auth.settings import AuthSettings

COOKIE = "tollgate_sso"
PATH = "/api/v1/auth/sso"
LOGIN_LIFE = timedelta(minutes=10)
AT_ONCE = 5
CODE = "code"


def register(app: Flask, settings: AuthSettings) -> None:
    app.config.update(
        SECRET_KEY=_derived(settings.secret("encryption_key")),
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_PATH=PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public().startswith("https://"),
        PERMANENT_SESSION_LIFETIME=LOGIN_LIFE,
    )
    # At DEBUG it would write each login's verifier.
    logging.getLogger("authlib").setLevel(logging.INFO)


def bind(code: str) -> None:
    """This browser, and no other, may exchange the one-time code: a link with somebody else's code
    logs nobody in as them."""
    session[CODE] = _digest(code)


def holds(code: str) -> bool:
    """Whether the code was bound to this browser. Asking lets it go."""
    return hmac.compare_digest(str(session.pop(CODE, "")), _digest(code))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def make_room() -> None:
    """Forget the oldest logins that this browser has begun: a cookie has not room for many."""
    oldest_first = sorted(session, key=lambda name: str(session[name]))
    for name in oldest_first[: max(0, len(oldest_first) + 1 - AT_ONCE)]:
        session.pop(name)


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"tollgate-sso-cookie").derive(key.strip().encode())
