from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.sso.models import SsoApprovedDomain, SsoDomain, SsoProvider, UserIdentity
from tollgate_auth.sso.schemas import SsoQuery
from tollgate_auth.users.models import User


def add(row: SsoProvider) -> None:
    db.session.add(row)
    db.session.flush()


def get(provider_id: str) -> SsoProvider | None:
    return db.session.get(SsoProvider, provider_id, populate_existing=True)


def find(org: str, name: str) -> SsoProvider | None:
    statement = select(SsoProvider).where(SsoProvider.name == name, SsoProvider.org_id == org)
    return db.session.scalars(statement).one_or_none()


def find_any(name: str) -> SsoProvider | None:
    """A provider of whatever organisation: for those who have not logged in yet."""
    return db.session.scalars(select(SsoProvider).where(SsoProvider.name == name)).one_or_none()


def page(org: str, asked: SsoQuery) -> tuple[list[SsoProvider], str | None]:
    statement = paging.filtered(
        select(SsoProvider).where(SsoProvider.org_id == org),
        (
            (SsoProvider.name, asked.name),
            (SsoProvider.issuer, asked.issuer),
            (SsoProvider.client_id, asked.client_id),
            (SsoProvider.default_role, asked.default_role),
        ),
    )
    if asked.domain is not None:
        having = select(SsoDomain.provider_id).where(SsoDomain.domain == asked.domain)
        statement = statement.where(SsoProvider.id.in_(having))
    return paging.fetch_page(statement, SsoProvider.id)


def remove(row: SsoProvider) -> None:
    """With its domains; who its users are at the provider is forgotten."""
    remove_identities(row.id)
    db.session.execute(delete(SsoDomain).where(SsoDomain.provider_id == row.id))
    db.session.delete(row)
    db.session.flush()


def domains_of(provider_ids: Sequence[str]) -> dict[str, list[str]]:
    """By provider, its domains in order of the alphabet."""
    statement = (
        select(SsoDomain.provider_id, SsoDomain.domain)
        .where(SsoDomain.provider_id.in_(provider_ids))
        .order_by(SsoDomain.domain)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for provider_id, domain in db.session.execute(statement):
        found[provider_id].append(domain)
    return found


def replace_domains(provider_id: str, domains: Sequence[str]) -> None:
    db.session.execute(delete(SsoDomain).where(SsoDomain.provider_id == provider_id))
    rows = [{"domain": domain, "provider_id": provider_id} for domain in sorted(set(domains))]
    db.session.execute(insert(SsoDomain), rows)


def approved_domains(org: str) -> set[str]:
    statement = select(SsoApprovedDomain.domain).where(SsoApprovedDomain.org_id == org)
    return set(db.session.scalars(statement))


def approve_domain(domain: str, org: str) -> None:
    """The domain is this organisation's from now on."""
    statement = upsert(SsoApprovedDomain).values(domain=domain, org_id=org)
    index = [SsoApprovedDomain.domain]
    db.session.execute(statement.on_conflict_do_update(index_elements=index, set_={"org_id": org}))


def claimant(domain: str) -> str | None:
    """The organisation whose provider has the domain."""
    statement = (
        select(SsoProvider.org_id)
        .join(SsoDomain, SsoDomain.provider_id == SsoProvider.id)
        .where(SsoDomain.domain == domain)
    )
    return db.session.scalars(statement).one_or_none()


def user_of(provider_id: str, subject: str) -> User | None:
    statement = (
        select(User)
        .join(UserIdentity, UserIdentity.user_id == User.id)
        .where(UserIdentity.provider_id == provider_id, UserIdentity.subject == subject)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(statement).one_or_none()


def is_linked(provider_id: str, user_id: str) -> bool:
    """Whether the provider knows the user by some `sub` already."""
    same = UserIdentity.provider_id == provider_id, UserIdentity.user_id == user_id
    return db.session.scalars(select(exists().where(*same))).one()


def link(provider_id: str, subject: str, user_id: str) -> None:
    db.session.add(UserIdentity(provider_id=provider_id, subject=subject, user_id=user_id))
    db.session.flush()


def subject_of(provider_id: str, user_id: str) -> str | None:
    """The `sub` by which the provider knows the user."""
    same = UserIdentity.provider_id == provider_id, UserIdentity.user_id == user_id
    return db.session.scalars(select(UserIdentity.subject).where(*same)).one_or_none()


def unlink(provider_id: str, user_id: str) -> None:
    same = UserIdentity.provider_id == provider_id, UserIdentity.user_id == user_id
    db.session.execute(delete(UserIdentity).where(*same))


def names_of_user(user_id: str) -> Sequence[str]:
    """The names of the providers that know the user, in order of the alphabet."""
    statement = (
        select(SsoProvider.name)
        .join(UserIdentity, UserIdentity.provider_id == SsoProvider.id)
        .where(UserIdentity.user_id == user_id)
        .order_by(SsoProvider.name)
    )
    return db.session.scalars(statement).all()


def remove_identities(provider_id: str) -> None:
    db.session.execute(delete(UserIdentity).where(UserIdentity.provider_id == provider_id))
