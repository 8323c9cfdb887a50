"""Reports say of which projects they are, so that nobody sees a report of projects that they do not
see.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A machine's reports have had its project among their filters, like others that ask for one.
FILL = """
UPDATE reports
SET projects = ARRAY[coalesce(parameters -> 'filters' ->> 'project', project)]
WHERE coalesce(parameters -> 'filters' ->> 'project', project) IS NOT NULL
"""


def upgrade() -> None:
    op.execute("ALTER TABLE reports ADD COLUMN projects text[]")
    op.execute(FILL)


def downgrade() -> None:
    op.execute("ALTER TABLE reports DROP COLUMN projects")
