"""Report files of several parts: the first is where files were, the others are in a table."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PARTS = """
CREATE TABLE report_parts (
    report text NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    place integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (report, place)
)
"""


def upgrade() -> None:
    op.execute(PARTS)


def downgrade() -> None:
    op.execute("DROP TABLE report_parts")
