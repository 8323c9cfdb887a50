"""The gateway's own settings."""

from pydantic import Field

from tollgate_common.settings import CommonSettings


class GatewaySettings(CommonSettings):
    cors_origins: str = Field(
        "", description="Origins whose browser pages may call, comma-separated; empty: none."
    )
    default_max_output_tokens: int = Field(
        4096, ge=1, description="Output cap reserved when neither request nor model names one."
    )
