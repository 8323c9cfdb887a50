from collections.abc import Generator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, not_, or_, select

from tollgate_auth import paging
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.audit.schemas import AuditQuery
from tollgate_auth.extensions import db


def add(entry: AuditEntry) -> None:
    db.session.add(entry)
    db.session.flush()


def newest_first(
    org: str, asked: AuditQuery, size: int, before: int | None
) -> tuple[list[AuditEntry], bool]:
    """The entries that fit what is asked, and whether there are more."""
    statement = paging.filtered(
        select(AuditEntry).where(AuditEntry.org_id == org),
        (
            (AuditEntry.actor_id, asked.actor),
            (AuditEntry.actor_kind, asked.actor_kind),
            (AuditEntry.target_id, asked.target),
            (AuditEntry.target_kind, asked.target_kind),
            (AuditEntry.address, asked.address),
            (AuditEntry.request_id, asked.request_id),
            (AuditEntry.client_request_id, asked.client_request_id),
            (AuditEntry.reason, asked.reason),
        ),
    )
    if asked.action is not None:
        statement = statement.where(or_(*map(_is_action, asked.action.split(","))))
    if asked.outcome is not None:
        refused = AuditEntry.reason.is_not(None)
        statement = statement.where(refused if asked.outcome == "failure" else not_(refused))
    if asked.since is not None:
        last = func.coalesce(AuditEntry.last_at, AuditEntry.at)
        statement = statement.where(last >= asked.since)
    if asked.until is not None:
        statement = statement.where(AuditEntry.at < asked.until)
    return paging.fetch(statement, AuditEntry.number, size, before)


def _is_action(pattern: str) -> ColumnElement[bool]:
    """Return what holds for one action, or for all of a noun (`key.*`)."""
    if pattern.endswith("*"):
        return AuditEntry.action.startswith(pattern[:-1], autoescape=True)
    return AuditEntry.action == pattern


def last_moments(action: str, targets: Sequence[str]) -> dict[str, datetime]:
    """When each target had this done to it last, of those that ever had."""
    statement = (
        select(AuditEntry.target_id, func.max(AuditEntry.at))
        .where(AuditEntry.action == action, AuditEntry.target_id.in_(targets))
        .group_by(AuditEntry.target_id)
    )
    return {row[0]: row[1] for row in db.session.execute(statement)}


def oldest_first(org: str) -> Generator[AuditEntry]:
    statement = (
        select(AuditEntry)
        .where(AuditEntry.org_id == org)
        .order_by(AuditEntry.number)
        .execution_options(yield_per=500)
    )
    with db.session.scalars(statement) as found:
        yield from found
