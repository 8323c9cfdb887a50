"""Entries of the audit log have a count, a reason and the caller's own request id.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = {
    "client_request_id": "VARCHAR(128)",
    "reason": "VARCHAR(40)",
    "count": "BIGINT",
    "last_at": "TIMESTAMP WITH TIME ZONE",
    "continues": "BIGINT",
}


def upgrade():
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE audit_log ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.create_table(
        "audit_series",
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("target_kind", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("further", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_audit_series_org_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "fingerprint", name=op.f("pk_audit_series")),
    )
    op.create_index(op.f("ix_audit_series_ends_at"), "audit_series", ["ends_at"], unique=False)
    op.create_table(
        "audit_batches",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_batches")),
    )


def downgrade():
    """The columns of the log stay: what is in them is chained and cannot be taken away."""
    op.drop_table("audit_batches")
    op.drop_table("audit_series")
