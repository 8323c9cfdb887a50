"""An OpenID provider for tests, a process of its own: `python openid_provider.py`.

Made of Authlib's server part: it has registered clients with secrets and redirect URIs, insists on
PKCE and nonces, and publishes its keys. Whoever asks for a login is the person that the test has
put at the keyboard. By `PUT /test/…` a test says who that is, and how the provider misbehaves. The
first line it prints is its address.
"""

import base64
import hmac
import json
import os
import secrets
import sys
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from werkzeug.serving import make_server

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


class State:
    """What the process remembers. `person`: the claims of who is at the keyboard. `lies`: claims
    of the next ID tokens, over the true ones. `signs`: with which key it signs them."""

    def __init__(self) -> None:
        self.issuer = ""
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, Code] = {}
        self.nonces: set[str] = set()
        self.people: dict[str, dict[str, Any]] = {}
        self.seen: list[str] = []
        self.key = new_key()
        self.foreign = new_key()
        self.reset()

    def reset(self) -> None:
        self.person: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.signs = "own"
        self.metadata: dict[str, Any] = {}
        self.only_userinfo: list[str] = []
        self.refuses = False
        self.moved_to = ""
        self.instead: dict[str, str] = {}


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig"})


class Client(ClientMixin):  # type: ignore[misc]  # the library is untyped
    def __init__(self, client_id: str, secret: str, redirect_uri: str) -> None:
        self.client_id, self.secret, self.redirect_uri = client_id, secret, redirect_uri

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        known = {"openid", "email", "profile", "groups"}
        return " ".join(word for word in scope.split() if word in known)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return bool(redirect_uri == self.redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, self.secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # the library is untyped
    def __init__(self, code: str, asked: Any, client_id: str, person: dict[str, Any]) -> None:
        self.code, self.asked, self.client_id, self.person = code, asked, client_id, person
        self.code_challenge = asked.get("code_challenge")
        self.code_challenge_method = asked.get("code_challenge_method")

    def get_redirect_uri(self) -> Any:
        return self.asked.get("redirect_uri")

    def get_scope(self) -> Any:
        return self.asked.get("scope")

    def get_nonce(self) -> Any:
        return self.asked.get("nonce")

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


state = State()
app = Flask(__name__)
server = AuthorizationServer()


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # the library is untyped
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]  # noqa: RUF012

    def save_authorization_code(self, code: str, asked: Any) -> None:
        data = asked.payload.data
        state.nonces.add(data["nonce"])
        state.codes[code] = Code(code, data, asked.client.client_id, asked.user)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = state.codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del state.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
        return authorization_code.person


class AlwaysChallenge(CodeChallenge):  # type: ignore[misc]  # the library is untyped
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        if not grant.request.payload.data.get("code_challenge"):
            raise InvalidRequestError("PKCE is required.")
        super().validate_code_challenge(grant, redirect_uri)


class IdTokens(OpenIDCode):  # type: ignore[misc]  # the library is untyped
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return nonce in state.nonces

    def encode_id_token(self, token: dict[str, Any], asked: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": state.issuer, "aud": asked.client.client_id, "iat": now, "exp": now + 300,
            **self.get_authorization_code_claims(asked.authorization_code),
            **{name: value for name, value in asked.user.items()
               if name not in state.only_userinfo},
            **state.lies,
        }  # fmt: skip
        said = {name: value for name, value in claims.items() if value is not None}
        return signed(said, asked.client.secret)


def to_b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(claims: dict[str, Any], client_secret: str) -> str:
    """An ID token: as it should be, or as somebody would forge it."""
    kid = state.key.kid
    if state.signs == "none":
        parts = ({"alg": "none", "kid": kid}, claims)
        return ".".join([*(to_b64(json.dumps(part).encode()) for part in parts), ""])
    if state.signs == "secret":
        key = OctKey.import_key(client_secret)
        return jwt.encode({"alg": "HS256", "kid": kid}, claims, key, ["HS256"])
    if state.signs == "public":
        parts = ({"alg": "HS256", "kid": kid}, claims)
        text = ".".join(to_b64(json.dumps(part).encode()) for part in parts)
        mac = hmac.digest(state.key.as_pem(private=False), text.encode(), "sha256")
        return f"{text}.{to_b64(mac)}"
    if state.signs == "elliptic":
        elliptic = ECKey.generate_key("P-256")
        return jwt.encode({"alg": "ES256", "kid": kid}, claims, elliptic, ["ES256"])
    signing = state.foreign if state.signs == "foreign" else state.key
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, signing, ["RS256"])


@app.before_request
def answer_instead() -> Response | None:
    """Something else than what belongs there."""
    text = state.instead.get(request.path)
    if text is not None:
        state.seen.append(request.path.removeprefix("/"))
    return None if text is None else Response(text, content_type="application/json")


@app.get("/.well-known/openid-configuration")
def discovery() -> Any:
    state.seen.append("discovery")
    if state.moved_to:
        return redirect(state.moved_to)
    told = {
        "issuer": state.issuer,
        "authorization_endpoint": f"{state.issuer}/authorize",
        "token_endpoint": f"{state.issuer}/token",
        "userinfo_endpoint": f"{state.issuer}/userinfo",
        "jwks_uri": f"{state.issuer}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        "scopes_supported": ["openid", "email", "profile", "groups"],
        "code_challenge_methods_supported": ["S256"],
    }
    return jsonify(told | state.metadata)


@app.get("/jwks")
def jwks() -> Response:
    state.seen.append("jwks")
    return jsonify(KeySet([state.key]).as_dict(private=False))


@app.get("/authorize")
def authorize() -> Any:
    state.seen.append(request.full_path)
    person = None if state.refuses else state.person
    try:
        grant = server.get_consent_grant(end_user=person)
    except OAuth2Error as error:
        return server.handle_error_response(server.create_oauth2_request(None), error)
    return server.create_authorization_response(grant_user=person, grant=grant)


@app.post("/token")
def token() -> Any:
    state.seen.append("token")
    return server.create_token_response()


@app.get("/userinfo")
def userinfo() -> Any:
    state.seen.append("userinfo")
    found = state.people.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    return jsonify(found) if found else ("", 401)


@app.put("/test/clients")
def put_client() -> str:
    sent = request.get_json()
    state.clients[sent["client_id"]] = Client(**sent)
    return ""


@app.put("/test/state")
def put_state() -> str:
    """Start from the beginning, with these attributes."""
    state.reset()
    state.seen.clear()
    for name, value in request.get_json().items():
        setattr(state, name, value)
    return ""


@app.put("/test/new-key")
def put_new_key() -> str:
    state.key = new_key()
    return ""


@app.get("/test/seen")
def get_seen() -> Response:
    return jsonify(state.seen)


def save_token(issued: dict[str, Any], asked: Any) -> None:
    state.people[issued["access_token"]] = asked.user


def main() -> None:
    server.init_app(app, query_client=state.clients.get, save_token=save_token)
    server.register_grant(CodeGrant, [AlwaysChallenge(), IdTokens(require_nonce=True)])
    address = sys.argv[1]
    listening = make_server(address, 0, app, threaded=True)
    state.issuer = f"http://{address}:{listening.server_port}"
    sys.stdout.write(state.issuer + "\n")
    sys.stdout.flush()
    listening.serve_forever()


if __name__ == "__main__":
    main()
