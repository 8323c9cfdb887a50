"""Alerts of usage that is unpriced or capped, and indexes by which such rows are found."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ALERTS = """
CREATE TABLE usage_alerts (
    type text NOT NULL,
    org text NOT NULL,
    model text NOT NULL,
    day date NOT NULL,
    ticket uuid NOT NULL,
    PRIMARY KEY (type, org, model, day)
)
"""


def upgrade() -> None:
    op.execute(ALERTS)
    for mark in ("unpriced", "capped"):
        op.execute(
            f"CREATE INDEX ledger_org_{mark}_idx ON ledger (org, opened_at, id) WHERE {mark}"
        )


def downgrade() -> None:
    for mark in ("unpriced", "capped"):
        op.execute(f"DROP INDEX ledger_org_{mark}_idx")
    op.execute("DROP TABLE usage_alerts")
