"""Jobs that wait for their turn under a limit; the ids of the call, its caller's and its own.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("waits", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("waiting_until", sa.DateTime(timezone=True)),
    sa.Column("waiting_for", sa.String(64)),
    sa.Column("client_request_id", sa.String(128)),
    sa.Column("request_id", sa.String(128)),
)


def upgrade():
    for column in COLUMNS:
        op.add_column("jobs", column)


def downgrade():
    for column in reversed(COLUMNS):
        op.drop_column("jobs", column.name)
