"""What is found of jobs without reading all: those of an organisation's queue, and those that ended.

Bodies of jobs that have ended are let go.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE INDEX ix_jobs_queue ON jobs (org, id) WHERE status IN ('queued', 'running')"
    )
    op.execute("CREATE INDEX ix_jobs_finished_at ON jobs (finished_at)")
    op.execute("UPDATE jobs SET body = '' WHERE status NOT IN ('queued', 'running')")


def downgrade():
    op.execute("DROP INDEX ix_jobs_finished_at")
    op.execute("DROP INDEX ix_jobs_queue")
