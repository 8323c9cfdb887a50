"""RFC 6749, section 5.2, by its codes."""

from tollgate_common.errors import BadRequest, Unauthorized


class InvalidClient(Unauthorized):
    code = "invalid_client"

    def __init__(self) -> None:
        super().__init__("The client id or its secret is wrong.")


class UnsupportedGrant(BadRequest):
    code = "unsupported_grant_type"

    def __init__(self) -> None:
        super().__init__("The grant type is client_credentials.", param="grant_type")


class InvalidScope(BadRequest):
    code = "invalid_scope"

    def __init__(self, detail: str, param: str) -> None:
        super().__init__(detail, param=param)
