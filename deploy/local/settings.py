"""What can be set for the local stack: the environment first, else `.env`.

A line of `.env` that cannot be read, or a value that is wrong, ends in one sentence that names it.
Variables of `.env` that are not listed here are handed to the services as they are.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, PostgresDsn, RedisDsn, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deploy.local.errors import CannotStart
from tollgate_common.address_policy import LOCAL_NETWORKS
from tollgate_common.settings import FileSettingsSource, Networks


def _port(default: int, of: str) -> Any:
    return Field(default, ge=1, le=65535, description=f"Port of {of}, on 127.0.0.1.")


class LocalSettings(BaseSettings):
    """The variables `make up` itself reads."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: PostgresDsn | None = Field(None, description="Use this PostgreSQL.")
    redis_url: RedisDsn | None = Field(None, description="Use this Redis.")
    redis_appendfsync: Literal["no", "always"] = Field("no", description="Our Redis' own AOF.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    workers: int = Field(1, ge=1, description="Processes of each web service.")
    outbound_networks: Networks = Field(
        LOCAL_NETWORKS,
        description="Networks, comma-separated in CIDR notation, that addresses named by"
        " organisations may be in, besides public ones.",
    )
    graceful_timeout: int = Field(10, ge=1, description="Seconds requests get to end at a stop.")

    gateway_port: int = _port(8080, "the gateway")
    auth_port: int = _port(8081, "auth")
    llm_port: int = _port(8082, "llm")
    reports_port: int = _port(8083, "reports")
    sandbox_port: int = _port(8089, "the sandbox")
    gateway_metrics_port: int = _port(9080, "the gateway's metrics")
    auth_metrics_port: int = _port(9081, "auth's metrics")
    llm_metrics_port: int = _port(9082, "llm's metrics")
    reports_metrics_port: int = _port(9083, "reports' metrics")
    llm_worker_metrics_port: int = _port(9084, "llm-worker's metrics")
    reports_ledger_metrics_port: int = _port(9085, "reports-ledger's metrics")
    reports_worker_metrics_port: int = _port(9086, "reports-worker's metrics")
    scheduler_metrics_port: int = _port(9087, "the scheduler's metrics")
    sandbox_metrics_port: int = _port(9089, "the sandbox's metrics")
    postgres_port: int = _port(54329, "our own PostgreSQL")
    redis_port: int = _port(63799, "our own Redis")

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
    def load(cls, dotenv: Path | None, overrides: Mapping[str, Any] | None = None) -> Self:
        """Raises CannotStart with a sentence for each thing that is wrong."""
        lines = dotenv_lines(dotenv)
        try:
            settings = cls(_env_file=dotenv, **(overrides or {}))
        except ValidationError as error:
            raise CannotStart(
                *(_sentence(item, lines, dotenv) for item in error.errors())
            ) from None
        except OSError as error:
            raise CannotStart(f"Cannot read {error.filename}: {error.strerror}.") from None
        settings.check_ports_differ()
        return settings

    def ports(self) -> dict[str, int]:
        """Variable → port, of everything that will listen."""
        unused = {"POSTGRES_PORT": self.database_url, "REDIS_PORT": self.redis_url}
        names = [name for name in type(self).model_fields if name.endswith("_port")]
        ports = {name.upper(): int(getattr(self, name)) for name in names}
        return {name: port for name, port in ports.items() if not unused.get(name)}

    def check_ports_differ(self) -> None:
        seen: dict[int, str] = {}
        for name, port in self.ports().items():
            if other := seen.setdefault(port, name) != name and seen[port]:
                raise CannotStart(f"{other} and {name} are both {port}: give one another port.")


def port_names() -> list[str]:
    """The fields that hold a port."""
    return [name for name in LocalSettings.model_fields if name.endswith("_port")]


def dotenv_lines(file: Path | None) -> dict[str, int]:
    """Variable → its line in `.env`. Raises CannotStart at a line that cannot be read."""
    if file is None or not file.exists():
        return {}
    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError:
        raise CannotStart(f"{file} is not UTF-8 text.") from None
    for binding in bindings:
        if binding.error:
            number = binding.original.line + _blank_lines_before(binding.original.string)
            raise CannotStart(f"{file}, line {number}: this is not NAME=value.")
    return {binding.key: binding.original.line for binding in bindings if binding.key}


def dotenv_variables(file: Path | None) -> dict[str, str]:
    """What `.env` sets and the environment does not."""
    if file is None or not file.exists():
        return {}
    values = dotenv_values(file)
    return {name: value for name, value in values.items() if value and name not in os.environ}


def _blank_lines_before(text: str) -> int:
    return len(text) - len(text.lstrip("\r\n"))


def _sentence(item: Mapping[str, Any], lines: Mapping[str, int], file: Path | None) -> str:
    name = str(item["loc"][0]).upper()
    in_environment = name in os.environ or f"{name}_FILE" in os.environ
    line = None if in_environment else lines.get(name)
    where = f"{file}, line {line}" if line else "The environment"
    return f"{where}: {name} is wrong: {item['msg']}."
