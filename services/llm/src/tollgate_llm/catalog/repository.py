"""The only SQL about models."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tollgate_common.principal import folded
from tollgate_llm.catalog.models import ModelRow


def all_of(session: Session, org: str) -> list[ModelRow]:
    """By name."""
    query = select(ModelRow).where(ModelRow.org == org).order_by(ModelRow.name)
    return list(session.scalars(query))


def get(session: Session, org: str, name: str) -> ModelRow | None:
    """Return the model of this name, else the first whose name differs in its case only."""
    exact = session.get(ModelRow, (org, name))
    if exact is not None:
        return exact
    alike = (row for row in all_of(session, org) if folded(row.name) == folded(name))
    return next(alike, None)


def put(session: Session, org: str, name: str, columns: dict[str, Any]) -> None:
    """Create or replace."""
    values = columns | {"updated_at": func.now()}
    session.execute(
        insert(ModelRow)
        .values(org=org, name=name, created_at=func.now(), **values)
        .on_conflict_do_update(index_elements=["org", "name"], set_=values)
    )


def remove(session: Session, org: str, name: str) -> bool:
    statement = (
        delete(ModelRow).where(ModelRow.org == org, ModelRow.name == name).returning(ModelRow.name)
    )
    return session.execute(statement).first() is not None
