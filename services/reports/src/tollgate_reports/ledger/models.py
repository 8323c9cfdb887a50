"""Tables of the ledger. Money is NUMERIC with nine decimal places: dollars, exact to the nano.

`ledger` is partitioned by month on the ticket's UUIDv7 itself, whose first 48 bits are the
moment it was made: so the primary key is the ticket's id and nothing else, one ticket can have
one row whatever is sent again and however late, and new partitions fill at their end. A trigger
refuses UPDATE and DELETE; what is corrected is corrected by another row: an adjustment, whose
`adjusts` is the id of the request's row and whose figures are differences, below zero or above.
It is no request, so whatever counts requests counts the rows without `adjusts`; its other columns
are the request's, so that it is summed up wherever that is.

`lines` are what the request is billed for (`tollgate_common.usage_lines`); a row's cost is their
sum, which a CHECK holds. Rows of before have none.

`rollups` has a row for each quarter of an hour (every zone's offset is a multiple of it, so that
a day of any zone is a sum of whole buckets) and each combination of dimensions. A request counts
where it was opened: that is the moment its limits counted it, too.

`ledger_archives` has a row for each month whose rows are in a file and no longer in the ledger;
its rollups stay.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from tollgate_reports.database import metadata

DIMENSIONS = ("project", "key", "user", "model", "provider", "status", "mode")
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
MARKED_REQUESTS = {
    "estimated_requests": "estimated",
    "unpriced_requests": "unpriced",
    "capped_requests": "capped",
}
"""Counts of requests, by the column that marks those which count."""
COUNTS = ("requests", *TOKENS, *MARKED_REQUESTS, "latency_ms")

ledger = Table(
    "ledger",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("client_request_id", Text),
    Column("org", Text, nullable=False),
    Column("project", Text),
    Column("key", Text),
    Column("user", Text),
    Column("mode", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("tags", JSONB, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("provider", Text),
    Column("provider_model", Text),
    Column("http_status", Integer),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_input_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False, server_default="0"),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost", Numeric(20, 9), nullable=False),
    Column("price", JSONB(none_as_null=True)),
    Column("lines", JSONB(none_as_null=True)),
    Column("service_tier", Text),
    Column("unpriced", Boolean, nullable=False, server_default=false()),
    Column("capped", Boolean, nullable=False, server_default=false()),
    Column("estimated", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Column("first_byte_ms", BigInteger),
    Column("error", Text),
    Column("adjusts", UUID(as_uuid=True)),
    Column("adjusted_by", Text),
    Column("reason", Text),
    Index("ledger_org_opened_at_id_idx", "org", "opened_at", "id"),
    Index("ledger_org_request_id_idx", "org", "request_id"),
    Index(
        "ledger_org_client_request_id_idx",
        "org",
        "client_request_id",
        postgresql_where=text("client_request_id IS NOT NULL"),
    ),
    Index("ledger_adjusts_idx", "adjusts", postgresql_where=text("adjusts IS NOT NULL")),
    *(
        Index(
            f"ledger_org_{mark}_idx",
            "org",
            "opened_at",
            "id",
            postgresql_where=text(mark),
        )
        for mark in ("unpriced", "capped")
    ),
    postgresql_partition_by="RANGE (id)",
)

rollups = Table(
    "rollups",
    metadata,
    Column("bucket", DateTime(timezone=True), nullable=False),
    Column("org", Text, nullable=False),
    *(Column(name, Text) for name in DIMENSIONS),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    Column("cost", Numeric(28, 9), nullable=False),
    Column("latencies", ARRAY(BigInteger), nullable=False),
    Index(
        "rollups_dimensions_key",
        "org",
        "bucket",
        *DIMENSIONS,
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
)

parked_events = Table(
    "parked_events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("stream", "entry_id", name="parked_events_entry_key"),
)

ledger_archives = Table(
    "ledger_archives",
    metadata,
    Column("month", DateTime(timezone=True), primary_key=True),
    Column("file", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("cost", Numeric(28, 9), nullable=False),
    Column("archived_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
