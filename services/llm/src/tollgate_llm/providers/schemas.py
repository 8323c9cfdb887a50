"""What the management API takes and gives for providers."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from tollgate_llm.providers.kinds import Kind


def http_url(url: str) -> str:
    """Return the URL without a slash at its end; `ValueError` where it names more than a place."""
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


def _ascii(secret: SecretStr) -> SecretStr:
    if not SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("must be printable ASCII")
    return secret


SECRET = re.compile("[!-~][\\t\\n\\r -~]*")
ApiVersion = Annotated[
    str, Field(pattern="^[A-Za-z0-9._-]{1,32}$", json_schema_extra={"example": "2024-10-21"})
]
Project = Annotated[str, Field(pattern="^[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}$")]
Region = Annotated[
    str, Field(pattern="^[a-z0-9-]{1,32}$", json_schema_extra={"example": "us-east5"})
]
ProviderName = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
Source = Literal["platform", "organisation"]
HttpUrl = Annotated[
    str, Field(max_length=512, json_schema_extra={"format": "uri"}), AfterValidator(http_url)
]


class CapabilitiesOf(BaseModel):
    """What a server of OpenAI's dialect has; null is not stated: a call's own refusal then tells,
    and is remembered for a day. None of them changes what a caller of that dialect has sent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    responses: bool | None = Field(
        None,
        description="Whether it has `/v1/responses`. Without it, callers of that route are answered"
        " over `/v1/chat/completions`.",
    )
    stream_options: bool | None = Field(
        None,
        description="Whether its streams take `stream_options`, by which Tollgate asks for their"
        " usage. Without it, streams are booked by an estimate.",
    )
    reasoning: bool | None = Field(
        None,
        description="Whether translated calls may tell its models an effort. Not stated, the"
        " model's name decides.",
    )


class ProviderIn(BaseModel):
    """`base_url` as the vendor's SDK has it; the vendor's own unless given. `api_key` is written,
    never read; left out, the one that is stored stays.

    `azure` (Azure OpenAI): `base_url` is the resource's endpoint; with `api_version` its
    deployments are called, without it the API below /openai/v1. `foundry` (Claude in Microsoft
    Foundry): `base_url` ends with /anthropic. `vertex` (Claude on Vertex AI): `project` and
    `region`; `api_key` is a service account's key file, or an access token. `bedrock` (Claude on
    Amazon Bedrock): `region`; `api_key` is a Bedrock API key. A cloud answers for the models that
    are routed to it."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    base_url: HttpUrl | None = None
    api_key: (
        Annotated[
            SecretStr,
            Field(
                min_length=1, max_length=8192, json_schema_extra={"pattern": f"^{SECRET.pattern}$"}
            ),
            AfterValidator(_ascii),
        ]
        | None
    ) = None
    api_version: ApiVersion | None = None
    project: Project | None = None
    region: Region | None = None
    capabilities: CapabilitiesOf = CapabilitiesOf()


class ProviderQuery(BaseModel):
    name: ProviderName | None = Field(None, description="Only the provider of this name.")
    kind: Kind | None = Field(None, description="Only providers of this kind.")
    source: Source | None = Field(
        None, description="Only those that the platform has, or the organisation."
    )
    has_api_key: bool | None = Field(None, description="Only those with a credential, or without.")


class ProviderOut(BaseModel):
    """`source`: set up by the organisation, or by the platform's environment. `has_api_key` is all
    that is ever told of the credential."""

    name: str
    kind: Kind
    base_url: str
    has_api_key: bool
    api_version: str | None = None
    project: str | None = None
    region: str | None = None
    capabilities: CapabilitiesOf = CapabilitiesOf()
    source: Source


class ProviderList(BaseModel):
    data: list[ProviderOut]
    next_cursor: str | None = None
