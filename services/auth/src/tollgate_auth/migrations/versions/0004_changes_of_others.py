"""The audit log takes what other services record.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("audit_log", sa.Column("source", sa.String(length=40), nullable=True))
    op.create_unique_constraint(op.f("uq_audit_log_source"), "audit_log", ["source"])
    op.alter_column("audit_log", "target_id", type_=sa.String(length=300))


def downgrade():
    """`target_id` stays as wide as it is: its texts are chained and cannot be cut."""
    op.drop_constraint(op.f("uq_audit_log_source"), "audit_log")
    op.drop_column("audit_log", "source")
