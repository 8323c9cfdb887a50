"""Flask-JWT-Extended, set to our rules: EdDSA only, keys by `kid` from the ring, errors as ours.

It signs access and refresh tokens, and verifies refresh tokens, the only ones that come back to
auth; they come in the JSON body.
"""

from typing import Any

from flask import Flask, Response, g

from tollgate_auth.extensions import jwt_manager
from tollgate_auth.runtime import runtime
from tollgate_auth.tokens.service import REFRESH_AUDIENCE
from tollgate_common.errors import Unauthorized
from tollgate_common.errors.answers import answer
from tollgate_common.jwt import ALGORITHM


def register(app: Flask, issuer: str) -> None:
    app.config.update(
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_ENCODE_ISSUER=issuer,
        JWT_DECODE_ISSUER=issuer,
        JWT_DECODE_AUDIENCE=REFRESH_AUDIENCE,
        JWT_TOKEN_LOCATION=["json"],
        JWT_COOKIE_CSRF_PROTECT=False,  # there are no cookies, and so no claim for them
    )
    jwt_manager.init_app(app)
    jwt_manager.encode_key_loader(_signing_key)
    jwt_manager.decode_key_loader(_verification_key)
    _answer_as_problems()


def _signing_key(_identity: Any) -> Any:
    return g.signing_key.private


def _verification_key(header: dict[str, Any], _claims: dict[str, Any]) -> Any:
    kid = header.get("kid")
    key = runtime().keyring.public_key(kid) if isinstance(kid, str) else None
    if key is None:
        raise Unauthorized("The token is signed by a key we do not know.")
    return key


def _refuse(*_: Any) -> Response:
    return answer(Unauthorized("The token is not valid or has expired."))


def _answer_as_problems() -> None:
    for loader in (
        jwt_manager.expired_token_loader,
        jwt_manager.invalid_token_loader,
        jwt_manager.needs_fresh_token_loader,
        jwt_manager.revoked_token_loader,
        jwt_manager.token_verification_failed_loader,
        jwt_manager.unauthorized_loader,
        jwt_manager.user_lookup_error_loader,
    ):
        loader(_refuse)
