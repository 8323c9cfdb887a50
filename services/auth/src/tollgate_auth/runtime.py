"""What an app is put together from, besides its extensions; made once, in `create_app`."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from redis import Redis

from tollgate_auth.attempts.service import Attempts
from tollgate_auth.oauth.service import OAuth
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.principals.service import Principals
from tollgate_auth.projects.client import SpendClient
from tollgate_auth.settings import AuthSettings
from tollgate_auth.signing_keys.service import KeyRing
from tollgate_auth.sso.login.service import SingleSignOn
from tollgate_auth.tokens.links import Links
from tollgate_auth.tokens.service import TokenIssuer
from tollgate_auth.users.taken import TakenAddresses
from tollgate_common.tickets.counts import LimitCounts

_EXTENSION = "tollgate_auth"


@dataclass(frozen=True)
class Runtime:
    settings: AuthSettings
    redis: Redis
    counts: LimitCounts
    keyring: KeyRing
    issuer: TokenIssuer
    passwords: Passwords
    attempts: Attempts
    links: Links
    principals: Principals
    oauth: OAuth
    sso: SingleSignOn
    spend: SpendClient
    taken: TakenAddresses

    def register(self, app: Flask) -> None:
        app.extensions[_EXTENSION] = self


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions[_EXTENSION])
