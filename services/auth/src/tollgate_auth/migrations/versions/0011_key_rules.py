"""Projects have rules for the keys in them.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("projects", sa.Column("key_rules", postgresql.JSONB(), nullable=True))


def downgrade():
    op.drop_column("projects", "key_rules")
