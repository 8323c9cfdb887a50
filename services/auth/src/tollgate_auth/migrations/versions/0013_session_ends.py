"""Sessions end some day, whatever is refreshed: those that there are, by their beginning.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LIFE = "interval '90 days'"


def upgrade():
    # The default is for processes of the version before, which run on until they are replaced.
    column = sa.Column(
        "ends_at", sa.DateTime(timezone=True), server_default=sa.text(f"now() + {LIFE}")
    )
    op.add_column("sessions", column)
    op.execute(f"UPDATE sessions SET ends_at = created_at + {LIFE}")
    op.execute("UPDATE sessions SET expires_at = ends_at WHERE expires_at > ends_at")
    op.alter_column("sessions", "ends_at", nullable=False)


def downgrade():
    op.drop_column("sessions", "ends_at")
