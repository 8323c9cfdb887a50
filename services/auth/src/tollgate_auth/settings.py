"""What auth can be told, beyond what every process can."""

from collections.abc import Mapping

from pydantic import Field, SecretStr

from tollgate_common.settings import CommonSettings


class AuthSettings(CommonSettings):
    """`encryption_key` (required here) seals the private signing keys in the database."""

    port: int = Field(8081, description="Port the service listens on.")
    metrics_port: int = Field(9081, description="Port Prometheus scrapes; never the public one.")
    threads: int = Field(64, ge=1, description="Threads a process.")
    service_clients: Mapping[str, SecretStr] = Field(
        default_factory=dict,
        description='The services that may get tokens, as JSON: {"gateway": "<secret>", …}.',
    )
    public_url: str | None = Field(
        None, description="What people call: the base of links. GATEWAY_URL unless given."
    )
    access_token_minutes: int = Field(15, ge=1, le=60, description="Life of an access token.")
    refresh_token_days: int = Field(
        30, ge=1, le=90, description="Life of a refresh token; each use makes a new one."
    )
    session_days: int = Field(
        90,
        ge=1,
        le=365,
        description="Days from a login to the next, however often it is refreshed.",
    )
    signing_key_days: int = Field(
        30, ge=1, le=365, description="Days after which a new signing key takes over."
    )

    def public(self) -> str:
        """The base of every link that leaves the platform; never taken from a request."""
        return (self.public_url or self.gateway_url).rstrip("/")
