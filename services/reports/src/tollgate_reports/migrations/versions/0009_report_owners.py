"""Reports say which user they are of, and not only which key or user asked for them.

Those of keys from before stay their project's.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER TABLE reports ADD COLUMN "user" text')
    op.execute("""UPDATE reports SET "user" = created_by WHERE NOT starts_with(created_by, 'key_')""")


def downgrade() -> None:
    op.execute('ALTER TABLE reports DROP COLUMN "user"')
