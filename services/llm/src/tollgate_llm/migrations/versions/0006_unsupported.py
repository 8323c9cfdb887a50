"""What a model states of fields that a translation cannot say.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("models", sa.Column("unsupported", sa.String(length=8), nullable=True))


def downgrade():
    op.drop_column("models", "unsupported")
