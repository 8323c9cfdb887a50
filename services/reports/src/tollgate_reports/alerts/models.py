"""Which alerts there were: one for each type, organisation, model and day (UTC)."""

from sqlalchemy import Column, Date, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from tollgate_reports.database import metadata

MODEL_LENGTH = 200
"""How many characters of a model's name are kept: a provider's answer may name anything."""

usage_alerts = Table(
    "usage_alerts",
    metadata,
    Column("type", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("ticket", UUID(as_uuid=True), nullable=False),
)
