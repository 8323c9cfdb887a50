"""Requests as CSV: the fields of `GET /requests`, a line for each.

A file may have hundreds of megabytes, so it is made and kept in parts, and neither the worker nor
the server ever holds more than some rows and a part of it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from tollgate_reports.reports.cells import harmless
from tollgate_reports.reports.errors import ReportTooLarge
from tollgate_reports.requests.schemas import RequestRow

PART_CHARACTERS = 1_000_000
COLUMNS = tuple(RequestRow.model_fields)


def parts_of(rows: Iterable[Mapping[str, Any]], rows_max: int) -> Iterator[tuple[bytes, int]]:
    """Give parts of the file, each with how many rows there are up to its end. The first begins
    with the header. `ReportTooLarge` after more than `rows_max` rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, 1):
        if count > rows_max:
            raise ReportTooLarge(f"It would have more than {rows_max} rows.")
        writer.writerow([_cell(row[name]) for name in COLUMNS])
        if buffer.tell() >= PART_CHARACTERS:
            yield buffer.getvalue().encode(), count
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode(), count


def _cell(value: object) -> str:
    """Return a text as it is unless it is harmful, nothing for null, and JSON for all else."""
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else msgspec.json.encode(value).decode()
