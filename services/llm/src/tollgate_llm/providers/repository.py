"""The only SQL about providers."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tollgate_llm.providers.models import ProviderRow


def all_of(session: Session, org: str) -> list[ProviderRow]:
    """By name."""
    query = select(ProviderRow).where(ProviderRow.org == org).order_by(ProviderRow.name)
    return list(session.scalars(query))


def get(session: Session, org: str, name: str) -> ProviderRow | None:
    return session.get(ProviderRow, (org, name))


def put(session: Session, org: str, name: str, columns: dict[str, Any]) -> None:
    """Create or replace."""
    values = columns | {"updated_at": func.now()}
    session.execute(
        insert(ProviderRow)
        .values(org=org, name=name, created_at=func.now(), **values)
        .on_conflict_do_update(index_elements=["org", "name"], set_=values)
    )


def remove(session: Session, org: str, name: str) -> bool:
    statement = (
        delete(ProviderRow)
        .where(ProviderRow.org == org, ProviderRow.name == name)
        .returning(ProviderRow.name)
    )
    return session.execute(statement).first() is not None
