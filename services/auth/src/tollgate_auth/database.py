"""What all models share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.sql.functions import now

from tollgate_common.errors import TollgateError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    metadata = metadata


Id = Annotated[str, mapped_column(String(40), primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=now())]


@contextmanager
def refusing(constraint: str, error: TollgateError) -> Iterator[None]:
    """Inside, a row that breaks `constraint` is `error`."""
    try:
        yield
    except IntegrityError as broken:
        diagnosis = getattr(broken.orig, "diag", None)
        if diagnosis is None or diagnosis.constraint_name != constraint:
            raise
        raise error from None
