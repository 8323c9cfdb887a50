from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tollgate_auth.audit.series.models import AuditSeries, CountedBatch
from tollgate_auth.extensions import db


def add_batch(batch_id: str) -> bool:
    """Return whether the batch is new."""
    statement = insert(CountedBatch).values(id=batch_id).on_conflict_do_nothing()
    return db.session.scalar(statement.returning(CountedBatch.id)) is not None


def purge_batches(age: timedelta) -> None:
    db.session.execute(delete(CountedBatch).where(CountedBatch.at < func.now() - age))


def find_all(org: str, fingerprints: Collection[bytes]) -> dict[bytes, AuditSeries]:
    """Return the open series of these events, by fingerprint."""
    statement = (
        select(AuditSeries)
        .where(AuditSeries.org_id == org, AuditSeries.fingerprint.in_(fingerprints))
        .execution_options(populate_existing=True)
    )
    return {series.fingerprint: series for series in db.session.scalars(statement)}


def count(org: str) -> int:
    """Return how many series of the organisation are open."""
    statement = select(func.count()).select_from(AuditSeries).where(AuditSeries.org_id == org)
    return db.session.scalar(statement) or 0


def add(series: AuditSeries) -> None:
    db.session.add(series)
    db.session.flush()


def remove(series: AuditSeries) -> None:
    db.session.delete(series)
    db.session.flush()


def organisations_over(now: datetime) -> Sequence[str]:
    """Return the organisations that have series whose window is over."""
    statement = select(AuditSeries.org_id).where(AuditSeries.ends_at <= now).distinct()
    return db.session.scalars(statement.order_by(AuditSeries.org_id)).all()


def over(org: str, now: datetime, limit: int) -> Sequence[AuditSeries]:
    """Return series of the organisation whose window is over, the oldest first."""
    statement = (
        select(AuditSeries)
        .where(AuditSeries.org_id == org, AuditSeries.ends_at <= now)
        .order_by(AuditSeries.ends_at, AuditSeries.number)
        .limit(limit)
    )
    return db.session.scalars(statement).all()
