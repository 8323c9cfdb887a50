"""Tables of report runs. `projects` are those that a run may have anything of, NULL is all; who
does not see one of them does not see the run. The result is beside its run, so that lists do not
carry it; it is in PostgreSQL, so that every replica can serve it. `report_files` has the first part
of a file, and `report_parts` what follows, so that nobody has to hold a large one."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tollgate_reports.database import metadata

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("project", Text),
    Column("projects", ARRAY(Text)),
    Column("created_by", Text, nullable=False),
    Column("user", Text),
    Column("type", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("rows", Integer),
    Column("error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("touched_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index("reports_org_id_idx", "org", "id"),
)

report_files = Table(
    "report_files",
    metadata,
    Column("report", Text, ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

report_parts = Table(
    "report_parts",
    metadata,
    Column("report", Text, ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
