"""The gateway's own settings."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tollgate_common.settings import CommonSettings
from tollgate_gateway.origins import NotAnOrigin, parse_origins


def _origins(text: str) -> str:
    try:
        parse_origins(text)
    except NotAnOrigin as fault:
        raise PydanticCustomError("origins", "{fault}", {"fault": str(fault)}) from None
    return text


class GatewaySettings(CommonSettings):
    cors_origins: Annotated[str, AfterValidator(_origins)] = Field(
        "",
        description="Origins whose browser pages may call, comma-separated; https://*.example.com:"
        " any one label in the place of the *; * alone: every origin; empty: none.",
    )
    public_url: str | None = Field(
        None,
        description="Where people and programs reach the gateway; where it is https, browsers are"
        " told to come by nothing else (HSTS).",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="Proxies of yours in front, each of which adds to X-Forwarded-For; 0: the"
        " address that connects is the caller's.",
    )
    default_max_output_tokens: int = Field(
        4096,
        ge=1,
        description="Output cap reserved, and sent to the provider, when neither request nor model"
        " names one and a limit on tokens or cost applies.",
    )
    idempotency_mb: int = Field(
        64,
        ge=8,
        description="Megabytes of answers kept for Idempotency-Key in Redis for an organisation;"
        " beyond it the oldest are forgotten before their 24 hours.",
    )
