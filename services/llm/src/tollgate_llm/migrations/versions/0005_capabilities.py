"""What is stated of a provider's capabilities.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("providers", sa.Column("capabilities", postgresql.JSONB()))


def downgrade():
    op.drop_column("providers", "capabilities")
