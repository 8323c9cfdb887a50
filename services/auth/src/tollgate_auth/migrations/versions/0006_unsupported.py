"""What keys and organisations state of fields that a translation cannot say.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("keys", "organisations")


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("unsupported", sa.String(length=8), nullable=True))


def downgrade():
    for table in TABLES:
        op.drop_column(table, "unsupported")
