"""RFC 6749, section 5.2, by its codes and in its shape."""

from flask import Response, jsonify

from tollgate_common.errors import BadRequest, TollgateError, Unauthorized


class InvalidClient(Unauthorized):
    code = "invalid_client"

    def __init__(self) -> None:
        super().__init__("The client id or its secret is wrong.")
        self.headers["www-authenticate"] = 'Basic realm="tollgate"'


class UnsupportedGrant(BadRequest):
    code = "unsupported_grant_type"

    def __init__(self) -> None:
        super().__init__("The grant type is client_credentials.", param="grant_type")


class InvalidScope(BadRequest):
    code = "invalid_scope"

    def __init__(self, detail: str, param: str) -> None:
        super().__init__(detail, param=param)


class UnauthorizedClient(BadRequest):
    code = "unauthorized_client"

    def __init__(self) -> None:
        super().__init__("A client revokes its own tokens only.", param="token")


class InvalidRequest(BadRequest):
    code = "invalid_request"


def answer(error: TollgateError) -> tuple[Response, int, dict[str, str]]:
    body = jsonify(error=error.error_code, error_description=error.detail)
    return body, error.http_status, error.headers | {"cache-control": "no-store"}
