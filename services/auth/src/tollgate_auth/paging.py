"""Lists, a page at a time, newest first. The cursor is the id of the last row of a page."""

import re
from typing import Any, TypeVar

from flask import request
from sqlalchemy import ColumnElement, Select

from tollgate_auth.extensions import db
from tollgate_common.errors import InvalidField
from tollgate_common.restx import page_size

Row = TypeVar("Row")
Condition = ColumnElement[bool]

_CURSOR = re.compile(r"[A-Za-z0-9_]{1,40}\Z")


def cursor() -> str | None:
    """`?cursor=`, checked for its form only: any text of it is a place in the list."""
    text = request.args.get("cursor")
    if text is not None and not _CURSOR.match(text):
        raise InvalidField("cursor: not one that this list gave.", param="cursor")
    return text


def fetch(statement: Select[Row], column: Any, size: int, after: Any) -> tuple[list[Row], bool]:
    """The rows after a place, by `column` descending, and whether there are more."""
    if after is not None:
        before: Condition = column < after
        statement = statement.where(before)
    rows = list(db.session.scalars(statement.order_by(column.desc()).limit(size + 1)))
    return rows[:size], len(rows) > size


def fetch_page(statement: Select[Row], column: Any) -> tuple[list[Row], str | None]:
    """The page that the request asks for, of rows with an `id`, and the cursor of the next."""
    rows, more = fetch(statement, column, page_size(), cursor())
    last: Any = rows[-1] if more else None
    return rows, last.id if last is not None else None
