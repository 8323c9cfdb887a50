"""The stack's own secrets: made once, kept in `.tollgate/secrets.env`, for the owner's eyes."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from deploy.local.errors import CannotStart

CLIENTS = ("gateway", "llm", "reports")
KEYS = ("auth", "llm", "reports")


@dataclass(frozen=True)
class Secrets:
    """Passwords of our own servers, service client secrets, keys for what is stored encrypted."""

    postgres_password: str
    redis_password: str
    clients: dict[str, str]
    encryption_keys: dict[str, str]

    @property
    def service_clients(self) -> str:
        """auth's SERVICE_CLIENTS."""
        return json.dumps(self.clients)


def load(file: Path, *, data: Path) -> Secrets:
    """Read the file, or make it.

    Raises CannotStart where the file is gone but `data` is there: new keys could not read it.
    """
    if not file.exists():
        if data.exists():
            raise CannotStart(
                f"{file} is gone, and without it the data in {data} cannot be read."
                " Put it back, or start over with `make reset`, which deletes the data."
            )
        _write(file, _new())
    values = dotenv_values(file)
    try:
        return _read({name: value for name, value in values.items() if value})
    except KeyError as missing:
        raise CannotStart(f"{file} has no line {missing.args[0]}=…: put it back.") from None


def _new() -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        **{f"{name.upper()}_CLIENT_SECRET": secrets.token_urlsafe(32) for name in CLIENTS},
        **{f"{name.upper()}_ENCRYPTION_KEY": _key() for name in KEYS},
    }


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _read(values: dict[str, str]) -> Secrets:
    return Secrets(
        postgres_password=values["POSTGRES_PASSWORD"],
        redis_password=values["REDIS_PASSWORD"],
        clients={name: values[f"{name.upper()}_CLIENT_SECRET"] for name in CLIENTS},
        encryption_keys={name: values[f"{name.upper()}_ENCRYPTION_KEY"] for name in KEYS},
    )


def _write(file: Path, values: dict[str, str]) -> None:
    """Whole or not at all, and never readable by others."""
    lines = ["# Made by `make up`. Without this file the data beside it cannot be read."]
    lines += [f"{name}={value}" for name, value in values.items()]
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write("\n".join(lines) + "\n")
    draft.rename(file)
