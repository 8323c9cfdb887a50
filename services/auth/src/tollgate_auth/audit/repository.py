from collections.abc import Generator

from sqlalchemy import select

from tollgate_auth import paging
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.extensions import db


def add(entry: AuditEntry) -> None:
    db.session.add(entry)
    db.session.flush()


def newest_first(org: str, size: int, before: int | None) -> tuple[list[AuditEntry], bool]:
    statement = select(AuditEntry).where(AuditEntry.org_id == org)
    return paging.fetch(statement, AuditEntry.number, size, before)


def oldest_first(org: str) -> Generator[AuditEntry]:
    statement = (
        select(AuditEntry)
        .where(AuditEntry.org_id == org)
        .order_by(AuditEntry.number)
        .execution_options(yield_per=500)
    )
    with db.session.scalars(statement) as found:
        yield from found
