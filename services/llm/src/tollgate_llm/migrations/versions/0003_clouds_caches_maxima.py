"""What a provider in a cloud needs besides its address; a model's cache and its maxima.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("providers", sa.Column("cloud", postgresql.JSONB()))
    op.add_column("models", sa.Column("cache", postgresql.JSONB()))
    op.add_column("models", sa.Column("max_input_tokens", sa.Integer()))
    op.add_column("models", sa.Column("max_output_tokens", sa.Integer()))


def downgrade():
    op.drop_column("models", "max_output_tokens")
    op.drop_column("models", "max_input_tokens")
    op.drop_column("models", "cache")
    op.drop_column("providers", "cloud")
