"""How many requests were refused, whose they were, and why."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        'CREATE TABLE refusals (bucket timestamptz NOT NULL, org text NOT NULL, project text, '
        'key text, "user" text, model text, mode text NOT NULL, code text NOT NULL, '
        "count bigint NOT NULL)"
    )
    op.execute(
        "CREATE UNIQUE INDEX refusals_dimensions_key ON refusals "
        '(org, bucket, project, key, "user", model, mode, code) NULLS NOT DISTINCT'
    )


def downgrade() -> None:
    op.execute("DROP TABLE refusals")
