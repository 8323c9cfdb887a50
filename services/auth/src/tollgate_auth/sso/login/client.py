"""OpenID Connect with one provider, by Authlib: state, nonce, PKCE, and the checks of ID tokens.

Every call to a provider takes one of a few places, and there are fewer of them than threads: a
slow provider can keep its own logins waiting, never key look-ups.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from flask import session
from joserfc.errors import JoseError
from redis import Redis

from tollgate_auth.sso.login import browser
from tollgate_auth.sso.login.discovery import WELL_KNOWN, Discovery
from tollgate_auth.sso.login.errors import BadAnswer, ProviderDown
from tollgate_auth.sso.login.http import UNREADABLE, BoundedSession
from tollgate_auth.sso.login.identity import Identity
from tollgate_auth.sso.login.provider import Provider
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_common.outbound import Outbound

SCOPE = "openid email profile"
CLOCKS_APART_SECONDS = 60

log = get_logger(__name__)


class LoginStates(FlaskIntegration):  # type: ignore[misc]  # the library is untyped
    """The logins under way: named in the browser's cookie, kept in Redis, each good for one use."""

    expires_in = int(browser.LOGIN_LIFE.total_seconds())


class OneUse:
    """Redis as the cache that Authlib asks for: what is read is gone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, key: str) -> Any:
        return self._redis.getdel(f"sso:login:{key}")

    def set(self, key: str, value: str, seconds: int) -> None:
        self._redis.set(f"sso:login:{key}", value, ex=seconds)

    def delete(self, key: str) -> None:
        self._redis.delete(f"sso:login:{key}")


class OpenIdApp(FlaskOAuth2App):  # type: ignore[misc]  # the library is untyped
    client_cls = BoundedSession


class OpenIdClient:
    def __init__(self, redis: Redis, at_once: int, outbound: Outbound) -> None:
        self._outbound = outbound
        self._cache = OneUse(redis)
        self._discovery = Discovery()
        self._places = threading.BoundedSemaphore(at_once)

    def begin(self, provider: Provider, return_to: str) -> str:
        """Where to send the browser; `ProviderDown`."""
        app = self._app(provider)
        with self._reaching(app, provider):
            begun = app.create_authorization_url(provider.redirect_uri, scope=_scope(app, provider))
        browser.make_room()
        app.save_authorize_data(redirect_uri=provider.redirect_uri, return_to=return_to, **begun)
        return str(begun["url"])

    def take_state(self, provider: Provider, state: str) -> dict[str, Any] | None:
        """What `begin` remembered for this browser, this once."""
        app = self._app(provider)
        found: dict[str, Any] | None = app.framework.get_state_data(session, state)
        if found is not None:  # another browser's is left alone
            app.framework.clear_state_data(session, state)
        return found

    def finish(self, provider: Provider, begun: dict[str, Any], code: str) -> Identity:
        """Who has logged in, for the code; `BadAnswer`, `ProviderDown`."""
        app = self._app(provider)
        with self._reaching(app, provider):
            token = app.fetch_access_token(
                begun["redirect_uri"], code=code, code_verifier=begun["code_verifier"]
            )
            claims = app.parse_id_token(
                token,
                begun["nonce"],
                claims_options=_wanted(provider),
                leeway=CLOCKS_APART_SECONDS,
            )
            if claims is None:
                raise BadAnswer
            identity = Identity.of(claims, provider)
            if identity.complete or not app.server_metadata.get("userinfo_endpoint"):
                return identity
            more = app.userinfo(token=token)
            if more.get("sub") != identity.subject:
                raise BadAnswer
            return Identity.of(dict(more) | dict(claims), provider)

    def _app(self, provider: Provider) -> OpenIdApp:
        return OpenIdApp(
            LoginStates(provider.id, self._cache),
            name=provider.id,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=provider.issuer.rstrip("/") + WELL_KNOWN,
            client_kwargs={
                "outbound": self._outbound,
                "scope": SCOPE,
                "code_challenge_method": "S256",
                # A proxy is for what is outside; http is for this machine only.
                "trust_env": provider.issuer.startswith("https://"),
            },
            user_agent="Tollgate",
        )

    @contextmanager
    def _reaching(self, app: OpenIdApp, provider: Provider) -> Iterator[None]:
        """Inside, the provider may be called."""
        if not self._places.acquire(blocking=False):
            raise ProviderDown
        try:
            self._discovery.load(app, provider.issuer)
            app.client_kwargs["token_endpoint_auth_method"] = _auth_method(app)
            yield
        except requests.RequestException as error:
            if isinstance(error, requests.JSONDecodeError):
                raise _bad(error, app, provider) from None
            dependency_failures.labels("identity_provider").inc()
            log.warning("sso_provider_down", provider=provider.id, error=type(error).__name__)
            raise ProviderDown from None
        except (AuthlibBaseError, JoseError, *UNREADABLE) as error:
            raise _bad(error, app, provider) from None
        finally:
            self._places.release()


def _bad(error: Exception, app: OpenIdApp, provider: Provider) -> BadAnswer:
    """The reason is for the log; the one who has sent a forgery need not know it. It may be the
    provider's keys that were not what they should be: they are asked for anew."""
    app.server_metadata.pop("jwks", None)
    code = str(getattr(error, "error", ""))[:80]
    log.warning("sso_answer_refused", provider=provider.id, error=type(error).__name__, code=code)
    return BadAnswer()


def _wanted(provider: Provider) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
    }


def _scope(app: OpenIdApp, provider: Provider) -> str:
    """Some tell groups only when asked, others refuse a scope they do not know."""
    ask = provider.group_roles and "groups" in app.server_metadata["scopes_supported"]
    return f"{SCOPE} groups" if ask else SCOPE


def _auth_method(app: OpenIdApp) -> str:
    offered = app.server_metadata["token_endpoint_auth_methods_supported"]
    basic, post = "client_secret_basic", "client_secret_post"
    return post if post in offered and basic not in offered else basic
