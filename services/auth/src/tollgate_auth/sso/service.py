"""Which identity providers an organisation has. Whoever sets one decides who its people are."""

import re
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority.people import check_handling
from tollgate_auth.database import refusing
from tollgate_auth.extensions import db
from tollgate_auth.fields import reply
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.sessions import service as sessions
from tollgate_auth.sso import domains, repository
from tollgate_auth.sso.models import SsoProvider
from tollgate_auth.sso.schemas import SsoIn, SsoOut, SsoQuery
from tollgate_auth.users import service as users
from tollgate_common.errors import Conflict, InvalidField, NotFound
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id
from tollgate_common.outbound import Outbound
from tollgate_common.sealing import Sealer

NAME = re.compile(r"[a-z0-9-]{1,40}\Z")

_NAME_TAKEN = Conflict("There is a provider of this name in the installation.", param="name")
_DOMAIN_TAKEN = Conflict("Another provider of yours has one of these domains.", param="domains")


def purpose(provider_id: str) -> str:
    """What a client secret is sealed for: it opens in no other row."""
    return f"sso:{provider_id}"


class SsoProviders:
    """The nouns of the management API. `public_url` is the base of what answers tell, `outbound`
    the rule for where an issuer may be."""

    def __init__(self, sealer: Sealer, public_url: str, outbound: Outbound) -> None:
        self._outbound = outbound
        self._sealer = sealer
        self._public_url = public_url

    def page(self, org: str, asked: SsoQuery) -> tuple[list[SsoOut], str | None]:
        rows, following = repository.page(org, asked)
        return [self._out(row) for row in rows], following

    def get(self, org: str, name: str) -> SsoOut:
        return self._out(_existing(org, name))

    def put(self, caller: Caller, name: str, wanted: SsoIn) -> tuple[SsoOut, bool]:
        """Make or replace; the provider as it is now, and whether it is new."""
        if not NAME.match(name):
            raise InvalidField("name: a-z, 0-9 and -, at most 40.", param="name")
        if fault := self._outbound.fault(wanted.issuer):  # it may take a while: before any lock
            raise InvalidField(f"issuer: {fault}.", param="issuer")
        organisations.lock(caller.org)
        domains.check(caller.org, wanted.domains)
        row = repository.find(caller.org, name)
        before = self._out(row) if row else None
        if row is None:
            row = self._new(caller.org, name, wanted)
        else:
            self._change(row, wanted)
        with refusing("pk_sso_domains", _DOMAIN_TAKEN):
            repository.replace_domains(row.id, wanted.domains)
        after = self._out(row)
        self._record(caller, row, before, after, wanted.client_secret is not None)
        return after, before is None

    def delete(self, caller: Caller, name: str) -> None:
        """Nobody logs in with it any more; its users and their sessions stay."""
        organisations.lock(caller.org)
        row = _existing(caller.org, name)
        before = self._out(row)
        repository.remove(row)
        self._record(caller, row, before, None, False)

    def unlink(self, caller: Caller, user_id: str, name: str) -> None:
        """The provider knows the user no more, and their sessions end: the next one who comes with
        their address from there is linked to them."""
        organisations.lock(caller.org)
        user, row = users.get(caller.org, user_id), _existing(caller.org, name)
        check_handling(caller, user)
        subject = repository.subject_of(row.id, user.id)
        if subject is None:
            raise NotFound("The identity provider does not know the user.")
        repository.unlink(row.id, user.id)
        actor, before = audit.actor_of(caller), {"sso": row.id, "subject": subject}
        sessions.record_ends(caller.org, actor, user.id, sessions.end_all(user.id), "unlinked")
        audit.record(caller.org, actor, "user.unlinked", ("user", user.id), before)

    def _new(self, org: str, name: str, wanted: SsoIn) -> SsoProvider:
        provider_id = new_id("sso")
        row = SsoProvider(
            id=provider_id, org_id=org, name=name, client_secret=self._sealed(provider_id, wanted),
            **_plain_fields(wanted),
        )  # fmt: skip
        with refusing("uq_sso_providers_name", _NAME_TAKEN):
            repository.add(row)
        return row

    def _change(self, row: SsoProvider, wanted: SsoIn) -> None:
        """A `sub` means something only to its issuer, and to some only for one client: people are
        found anew, by their addresses, when either is another. So is the secret asked for anew:
        it never moves to another address unsaid."""
        if wanted.client_secret is not None or row.issuer != wanted.issuer:
            row.client_secret = self._sealed(row.id, wanted)
        if (row.issuer, row.client_id) != (wanted.issuer, wanted.client_id):
            repository.remove_identities(row.id)
        for field, value in _plain_fields(wanted).items():
            setattr(row, field, value)
        db.session.flush()

    def _sealed(self, provider_id: str, wanted: SsoIn) -> bytes:
        if wanted.client_secret is None:
            raise InvalidField("client_secret: Field required.", param="client_secret")
        secret = wanted.client_secret.get_secret_value()
        return self._sealer.seal(secret.encode(), purpose(provider_id))

    def _out(self, row: SsoProvider) -> SsoOut:
        claimed = repository.domains_of([row.id])[row.id]
        return SsoOut.of(row, claimed, self._public_url)

    def _record(
        self,
        caller: Caller,
        row: SsoProvider,
        before: SsoOut | None,
        after: SsoOut | None,
        secret: bool,
    ) -> None:
        action = "sso.changed" if before and after else "sso.created" if after else "sso.deleted"
        was = reply(before) if before else None
        now: dict[str, Any] | None = reply(after) if after else None
        if now is not None and secret:
            now |= {"client_secret": "(new)"}
        audit.record(caller.org, audit.actor_of(caller), action, ("sso", row.id), was, now)


def _existing(org: str, name: str) -> SsoProvider:
    row = repository.find(org, name) if NAME.match(name) else None
    if row is None:
        raise NotFound("There is no such identity provider.")
    return row


def _plain_fields(wanted: SsoIn) -> dict[str, Any]:
    return wanted.model_dump(exclude={"client_secret", "domains"})
