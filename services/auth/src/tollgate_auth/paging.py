"""Lists, a page at a time, newest first. The cursor is the id of the last row of a page."""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select

from tollgate_auth.extensions import db
from tollgate_common.restx import page_cursor, page_size

Row = TypeVar("Row")
Condition = ColumnElement[bool]


def filtered(statement: Select[Row], wanted: Iterable[tuple[Any, Any]]) -> Select[Row]:
    """The statement for rows in which each expression has its value; None means any value."""
    for expression, value in wanted:
        if value is not None:
            statement = statement.where(expression == value)
    return statement


def fetch(statement: Select[Row], column: Any, size: int, after: Any) -> tuple[list[Row], bool]:
    """The rows after a place, by `column` descending, and whether there are more."""
    if after is not None:
        before: Condition = column < after
        statement = statement.where(before)
    rows = list(db.session.scalars(statement.order_by(column.desc()).limit(size + 1)))
    return rows[:size], len(rows) > size


def fetch_page(statement: Select[Row], column: Any) -> tuple[list[Row], str | None]:
    """The page that the request asks for, of rows with an `id`, and the cursor of the next."""
    rows, more = fetch(statement, column, page_size(), page_cursor())
    last: Any = rows[-1] if more else None
    return rows, last.id if last is not None else None
