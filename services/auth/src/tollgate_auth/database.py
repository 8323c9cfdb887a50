"""What all models share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.sql.functions import now

from tollgate_common.db import NAMING_CONVENTION
from tollgate_common.errors import TollgateError

metadata = MetaData(naming_convention=NAMING_CONVENTION)


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
