"""The table of refusals: how many, by the quarter of an hour, whose they were, and why."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text

from tollgate_reports.database import metadata

DIMENSIONS = ("project", "key", "user", "model", "mode", "code")

refusals = Table(
    "refusals",
    metadata,
    Column("bucket", DateTime(timezone=True), nullable=False),
    Column("org", Text, nullable=False),
    *(Column(name, Text, nullable=name not in ("mode", "code")) for name in DIMENSIONS),
    Column("count", BigInteger, nullable=False),
    Index(
        "refusals_dimensions_key",
        "org",
        "bucket",
        *DIMENSIONS,
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
)
