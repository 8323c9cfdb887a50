"""How OAuth's own routes appear in the API document: forms in, JSON out, RFC 6749's errors."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_CLIENT: dict[str, Any] = {
    "client_id": {**_TEXT, "description": "Unless it is sent as Basic."},
    "client_secret": {**_TEXT, "description": "Unless it is sent as Basic."},
}
_ERROR: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {"error": _TEXT, "error_description": _TEXT},
        }
    }
}
_ERRORS = {
    "400": "The form is wrong, in RFC 6749's words.",
    "401": "The client's id or secret is wrong.",
    "429": "Too many unknown secrets came from this address.",
}


def _action(
    summary: str, said: str, form: dict[str, Any], required: list[str], answer: dict[str, Any]
) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": form | _CLIENT}
    errors = {status: {"description": text, "content": _ERROR} for status, text in _ERRORS.items()}
    return {
        "post": {
            "tags": ["oauth"],
            "summary": summary,
            "description": said,
            "security": [{"client": []}, {}],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": schema}},
            },
            "responses": {"200": answer} | errors,
        }
    }


def _json(said: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def _metadata(summary: str, said: str, *required: str) -> dict[str, Any]:
    return {
        "get": {
            "tags": ["oauth"],
            "summary": summary,
            "security": [],
            "responses": {"200": _json(said, list(required), {})},
        }
    }


_TOKEN = {"token": {**_TEXT, "description": "An access token."}}
OAUTH_PATHS: dict[str, Any] = {
    "/oauth/token": _action(
        "A token for a service account",
        "RFC 6749, section 4.4. It works wherever a user's does.",
        {
            "grant_type": {"type": "string", "enum": ["client_credentials"]},
            "scope": {**_TEXT, "description": "Less than all that is granted: names, by spaces."},
            "audience": {**_TEXT, "description": "`tollgate`, or none."},
        },
        ["grant_type"],
        _json(
            "Granted.",
            ["access_token", "token_type", "expires_in", "scope"],
            {
                "access_token": _TEXT,
                "token_type": _TEXT,
                "expires_in": {"type": "integer", "description": "Seconds."},
                "scope": _TEXT,
            },
        ),
    ),
    "/oauth/introspect": _action(
        "Whether a token holds, and whose it is",
        "RFC 7662. Of another organisation's token no more is said than that it is not active.",
        _TOKEN,
        ["token"],
        _json("Known or not.", ["active"], {"active": {"type": "boolean"}}),
    ),
    "/oauth/revoke": _action(
        "End one of the client's own tokens",
        "RFC 7009. A text that is no token changes nothing.",
        _TOKEN,
        ["token"],
        {"description": "It does not hold any more."},
    ),
    "/.well-known/oauth-authorization-server": _metadata(
        "Where all of this is", "RFC 8414.", "issuer", "token_endpoint", "jwks_uri"
    ),
    "/.well-known/jwks.json": _metadata(
        "The keys that verify this platform's tokens", "RFC 7517.", "keys"
    ),
}
SECURITY: dict[str, Any] = {
    "client": {"type": "http", "scheme": "basic", "description": "A service account's id, secret."}
}
