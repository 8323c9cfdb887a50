"""A login from its beginning to its tokens."""

from urllib.parse import quote

from redis import Redis

from tollgate_auth.extensions import db
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.sessions import service as sessions
from tollgate_auth.sessions.refusals import SSO, tell
from tollgate_auth.sessions.schemas import Tokens
from tollgate_auth.settings import AuthSettings
from tollgate_auth.sso import repository
from tollgate_auth.sso.login import browser, people
from tollgate_auth.sso.login.client import OpenIdClient
from tollgate_auth.sso.login.codes import Codes, LoggedIn
from tollgate_auth.sso.login.errors import BadCode, LoginRefused, ProviderDown
from tollgate_auth.sso.login.provider import Provider
from tollgate_auth.sso.login.refusals import note_deactivated
from tollgate_auth.sso.login.schemas import DEFAULT_RETURN, CallbackQuery
from tollgate_auth.sso.service import NAME, SsoProviders
from tollgate_auth.tokens.service import TokenIssuer
from tollgate_auth.users import repository as users
from tollgate_common.address_policy import networks_of
from tollgate_common.errors import NotFound
from tollgate_common.outbound import Outbound
from tollgate_common.sealing import Sealer


class SingleSignOn:
    """At most half of the threads wait for identity providers."""

    def __init__(self, settings: AuthSettings, redis: Redis) -> None:
        self._public_url = settings.public()
        self._sealer = Sealer(settings.secret("encryption_key"))
        outbound = Outbound(networks_of(settings.outbound_networks))
        self._client = OpenIdClient(redis, max(1, settings.threads // 2), outbound)
        self._codes = Codes(redis)
        self.providers = SsoProviders(self._sealer, self._public_url, outbound)

    def begin(self, name: str, return_to: str) -> str:
        """The provider's address to send the browser to."""
        return self._client.begin(self._provider(name), return_to)

    def finish(self, name: str, sent: CallbackQuery) -> str:
        """Our address to send the browser to, with a one-time code; `LoginRefused`."""
        provider = self._provider(name)
        begun = self._client.take_state(provider, sent.state)
        if begun is None:
            raise LoginRefused("This login is too old, or was begun elsewhere; please try again.")
        return_to = begun["return_to"]
        try:
            if sent.error or not sent.code:
                raise LoginRefused("The identity provider has refused the login.")
            identity = self._client.finish(provider, begun, sent.code)
            user = people.admit(provider, identity)
        except LoginRefused as refused:
            refused.return_to = return_to
            raise
        except ProviderDown as down:
            raise LoginRefused(down.detail, return_to) from None
        code = self._codes.make(LoggedIn(user.id, provider.id))
        browser.bind(code)
        return self._landing(return_to, "code", code)

    def refused(self, refused: LoginRefused) -> str:
        """Our address to send the browser to, with the reason."""
        return self._landing(refused.return_to or DEFAULT_RETURN, "error", refused.detail)

    def exchange(self, code: str, user_agent: str, issuer: TokenIssuer) -> Tokens:
        """The tokens of a new session for the one-time code, this once, in the browser that the
        login ended in; `BadCode`."""
        found = self._codes.take(code) if browser.holds(code) else None
        user = users.find_any(found.user) if found else None
        if found is None or user is None:
            tell(SSO)
            raise BadCode
        organisations.lock(user.org_id)
        db.session.refresh(user)
        if user.deactivated_at is not None or repository.get(found.provider) is None:
            note_deactivated(user.org_id, user.id)
            raise BadCode
        return sessions.start(user, user_agent, issuer, "sso")

    def _provider(self, name: str) -> Provider:
        """Read, and the connection given back: what follows may be slow."""
        row = repository.find_any(name) if NAME.match(name) else None
        if row is None:
            raise NotFound("There is no such identity provider.")
        domains = repository.domains_of([row.id])[row.id]
        provider = Provider.of(row, domains, self._sealer, self._public_url)
        users.release()
        return provider

    def _landing(self, return_to: str, name: str, value: str) -> str:
        """What is behind `#` stays in the browser: in no log, and no Referer."""
        return f"{self._public_url}{return_to}#{name}={quote(value, safe='')}"
