"""A month of the ledger as a Parquet file: the ledger's columns, in the order of the ids. Money is
decimal, times are UTC, ids are text, tags, prices and lines are JSON text."""

import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.types import BigInteger, Boolean, DateTime, Integer, Numeric, Text

from tollgate_reports.archives.repository import Figures
from tollgate_reports.ledger.models import ledger

TYPES = {
    UUID: pa.string(),
    Text: pa.string(),
    JSONB: pa.string(),
    Boolean: pa.bool_(),
    BigInteger: pa.int64(),
    Integer: pa.int32(),
    DateTime: pa.timestamp("us", "UTC"),
    Numeric: pa.decimal128(20, 9),
}
SCHEMA = pa.schema(
    [
        pa.field(column.name, TYPES[type(column.type)], nullable=bool(column.nullable))
        for column in ledger.columns
    ]
)


class Folder:
    """Where the files are: any address that fsspec knows. Storage that is away raises OSError."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def name_of(self, month: datetime) -> str:
        return str(PurePosixPath(self._root) / f"ledger-{month:%Y-%m}.parquet")

    def write(self, month: datetime, batches: Iterable[Sequence[Any]]) -> str:
        """Write the rows; the file's name, under which it appears once it is whole."""
        name = self.name_of(month)
        unfinished = f"{name}.unfinished"
        self._files.makedirs(self._root, exist_ok=True)
        with self._files.open(unfinished, "wb") as file:
            with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
                for rows in batches:
                    writer.write_batch(_batch(rows))
            _sync(file)
        self._files.mv(unfinished, name)
        return name

    def figures(self, name: str) -> Figures:
        """What the file holds, read from the file."""
        rows, sums = 0, dict.fromkeys(Figures._fields[1:], Decimal(0))
        try:
            with self._files.open(name, "rb") as file:
                for batch in pq.ParquetFile(file).iter_batches(columns=list(sums)):
                    rows += batch.num_rows
                    for column in sums:
                        sums[column] += pc.sum(batch[column]).as_py() or 0
        except pa.ArrowException as error:
            raise OSError(f"{name} cannot be read back: {error}") from error
        return Figures(rows, sums["cost"], int(sums["input_tokens"]), int(sums["output_tokens"]))


def _batch(rows: Sequence[Any]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, type=field.type) for values, field in zip(columns, SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _sync(file: Any) -> None:
    """Onto the disk, where it is one of ours: the rows are dropped next."""
    file.flush()
    with suppress(io.UnsupportedOperation, AttributeError):
        os.fsync(file.fileno())
