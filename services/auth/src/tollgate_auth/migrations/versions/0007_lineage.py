"""Keys and service accounts remember who made them.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("keys", "service_accounts")


def upgrade():
    for table in TABLES:
        op.add_column(
            table,
            sa.Column("lineage", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        )
        op.create_index(f"ix_{table}_lineage", table, ["lineage"], postgresql_using="gin")


def downgrade():
    for table in TABLES:
        op.drop_index(f"ix_{table}_lineage", table)
        op.drop_column(table, "lineage")
