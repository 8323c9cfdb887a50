"""What auth can be told, beyond what every process can."""

from collections.abc import Mapping

from pydantic import Field, SecretStr

from tollgate_common.settings import CommonSettings


class AuthSettings(CommonSettings):
    """`encryption_key` (required here) seals the private signing keys in the database."""

    port: int = Field(8081, description="Port the service listens on.")
    metrics_port: int = Field(9081, description="Port Prometheus scrapes; never the public one.")
    service_clients: Mapping[str, SecretStr] = Field(
        default_factory=dict,
        description='The services that may get tokens, as JSON: {"gateway": "<secret>", …}.',
    )
    access_token_minutes: int = Field(15, ge=1, le=60, description="Life of an access token.")
    refresh_token_days: int = Field(
        30, ge=1, le=90, description="Life of a refresh token; each use makes a new one."
    )
