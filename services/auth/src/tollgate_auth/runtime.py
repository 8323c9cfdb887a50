"""What an app is put together from, besides its extensions; made once, in `create_app`."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from redis import Redis

from tollgate_auth.clients.service import ServiceClients
from tollgate_auth.principals.service import Principals
from tollgate_auth.settings import AuthSettings
from tollgate_auth.signing_keys.service import KeyRing
from tollgate_auth.tokens.service import TokenIssuer
from tollgate_auth.users.passwords import Passwords

_EXTENSION = "tollgate_auth"


@dataclass(frozen=True)
class Runtime:
    settings: AuthSettings
    redis: Redis
    keyring: KeyRing
    issuer: TokenIssuer
    passwords: Passwords
    clients: ServiceClients
    principals: Principals

    def register(self, app: Flask) -> None:
        app.extensions[_EXTENSION] = self


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions[_EXTENSION])
