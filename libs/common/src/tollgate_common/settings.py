"""Settings that every process has; a service adds its own in its `settings.py`.

Values come from the environment, else from `.env` in the working directory. Any variable NAME may
be given as NAME_FILE instead, the path of a file that holds the value: that is how container
secrets arrive. Settings are read once, in `create_app` or at the start of a command, and frozen.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    UrlConstraints,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tollgate_common.address_policy import networks_of


class InvalidConfiguration(SystemExit):
    """A setting is missing or wrong. Ends the process with one line a variable, never its value."""


class RedisUrl(RedisDsn):
    """One server, or a node of a cluster; with TLS or without."""

    _constraints = UrlConstraints(
        allowed_schemes=["redis", "rediss", "redis+cluster", "rediss+cluster"],
        default_host="localhost", default_port=6379, default_path="/0",
    )  # fmt: skip


def _networks(written: str) -> str:
    """`ValueError` for what is no network."""
    networks_of(written)
    return written


Networks = Annotated[str, AfterValidator(_networks)]
"""Networks in CIDR notation, comma-separated."""


class FileSettingsSource(PydanticBaseSettingsSource):
    """Reads NAME_FILE for every setting NAME; the variable itself wins over the file."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{field_name.upper()}_FILE")
        value = Path(path).read_text().strip() if path else None
        return value, field_name, self.field_is_complex(field)

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, is_complex = self.get_field_value(field, name)
            if value is not None:
                values[key] = self.prepare_field_value(name, field, value, is_complex)
        return values


class CommonSettings(BaseSettings):
    """What all processes share. A secret has no default."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    host: str = Field("0.0.0.0", description="Address the service listens on.")  # noqa: S104 - inside a container, every address is the container's own
    port: int = Field(8080, description="Port the service listens on.")
    metrics_port: int = Field(9080, description="Port Prometheus scrapes; never the public one.")
    workers: int = Field(1, ge=1, description="Processes that serve requests.")
    threads: int = Field(8, ge=1, description="Threads a process (services without gevent).")
    connections: int = Field(
        4096, ge=1, description="Connections a process keeps open (services with gevent)."
    )
    max_requests: int = Field(
        3000, ge=1, description="Calls a process answers at once; more get 503 (gateway and llm)."
    )
    graceful_timeout: int = Field(
        30, ge=1, description="Seconds that running requests get to finish at a stop."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_file: Path | None = Field(
        None, description="Also write JSON lines to this file, rotated, shared by processes."
    )
    database_url: PostgresDsn | None = Field(
        None, description="PostgreSQL, as postgresql://user:password@host:port/database."
    )
    redis_url: RedisUrl = Field(
        RedisUrl("redis://127.0.0.1:6379/0"),
        description="Redis, with AOF switched on; redis+cluster:// names a node of a cluster.",
    )
    queue_redis_url: RedisUrl | None = Field(
        None, description="Redis for the queues, which need one server, if REDIS_URL is a cluster."
    )
    auth_url: str = Field("http://127.0.0.1:8081", description="Where the auth service is.")
    gateway_url: str = Field("http://127.0.0.1:8080", description="Where the gateway is.")
    llm_url: str = Field("http://127.0.0.1:8082", description="Where the llm service is.")
    reports_url: str = Field("http://127.0.0.1:8083", description="Where the reports service is.")
    issuer: str = Field(
        "https://tollgate.local", description="`iss` of every token; the same in all services."
    )
    outbound_networks: Networks = Field(
        "",
        description="Networks, comma-separated in CIDR notation, that addresses named by"
        " organisations (providers, identity providers) may be in, besides public ones;"
        " empty: none.",
    )
    service_client_secret: SecretStr | None = Field(
        None, description="This service's own client secret, for tokens to call the others."
    )
    encryption_key: SecretStr | None = Field(
        None, description="32 random bytes, urlsafe base64: encrypts secrets at rest, signs links."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSettingsSource(settings_cls), dotenv_settings

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the environment, or end the process with a sentence for each wrong variable."""
        try:
            return cls(**(overrides or {}))
        except ValidationError as error:
            lines = [
                f"{str(item['loc'][0]).upper() if item['loc'] else 'settings'}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidConfiguration("Configuration: " + "; ".join(lines)) from None
        except OSError as error:
            raise InvalidConfiguration(
                f"Configuration: cannot read {error.filename}: {error.strerror}"
            ) from None

    def secret(self, name: str) -> str:
        """The value of a secret that this process cannot do without."""
        value: SecretStr | None = getattr(self, name)
        if value is None:
            raise InvalidConfiguration(f"Configuration: {name.upper()} is not set.")
        return value.get_secret_value()

    def queues(self) -> str:
        """The one server that rq's queues are on: its commands name keys of several nodes."""
        url = str(self.queue_redis_url or self.redis_url)
        if "+cluster:" in url:
            raise InvalidConfiguration(
                "Configuration: QUEUE_REDIS_URL is not set, and queues cannot be on a cluster."
            )
        return url

    def database(self) -> str:
        """DATABASE_URL as SQLAlchemy wants it, with the psycopg 3 driver."""
        if self.database_url is None:
            raise InvalidConfiguration("Configuration: DATABASE_URL is not set.")
        _, _, rest = str(self.database_url).partition("://")
        return f"postgresql+psycopg://{rest}"
