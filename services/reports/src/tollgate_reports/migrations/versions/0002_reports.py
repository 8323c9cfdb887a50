"""Report runs and their results."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REPORTS = """
CREATE TABLE reports (
    id text PRIMARY KEY,
    org text NOT NULL,
    project text,
    created_by text NOT NULL,
    type text NOT NULL,
    format text NOT NULL,
    parameters jsonb NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    rows integer,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz
)
"""

FILES = """
CREATE TABLE report_files (
    report text PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    filename text NOT NULL,
    content_type text NOT NULL,
    content bytea NOT NULL
)
"""


def upgrade() -> None:
    op.execute(REPORTS)
    op.execute("CREATE INDEX reports_org_id_idx ON reports (org, id)")
    op.execute(FILES)


def downgrade() -> None:
    op.execute("DROP TABLE report_files")
    op.execute("DROP TABLE reports")
