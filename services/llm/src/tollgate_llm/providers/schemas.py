"""What the management API takes and gives for providers."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from tollgate_llm.providers.kinds import Kind


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must have no user, password, query or fragment")
    if not url.isascii() or any(character.isspace() for character in url):
        raise ValueError("must be a URL in ASCII, without spaces")
    return url.rstrip("/")


def _header_value(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("must be printable ASCII without surrounding spaces")
    return secret


PRINTABLE = "^[!-~]([ -~]*[!-~])?$"
HttpUrl = Annotated[
    str, Field(max_length=512, json_schema_extra={"format": "uri"}), AfterValidator(_http_url)
]


class ProviderIn(BaseModel):
    """`base_url` as the vendor's SDK has it; the vendor's own unless given. `api_key` is written,
    never read; left out, the one that is stored stays."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    base_url: HttpUrl | None = None
    api_key: (
        Annotated[
            SecretStr,
            Field(min_length=1, max_length=4096, json_schema_extra={"pattern": PRINTABLE}),
            AfterValidator(_header_value),
        ]
        | None
    ) = None


class ProviderOut(BaseModel):
    """`source`: set up by the organisation, or by the platform's environment. `has_api_key` is all
    that is ever told of the credential."""

    name: str
    kind: Kind
    base_url: str
    has_api_key: bool
    source: Literal["platform", "organisation"]


class ProviderList(BaseModel):
    data: list[ProviderOut]
    next_cursor: str | None = None
