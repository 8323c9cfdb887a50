"""The months of the ledger that are kept in files."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ARCHIVES = """
CREATE TABLE ledger_archives (
    month timestamptz PRIMARY KEY,
    file text NOT NULL,
    rows bigint NOT NULL,
    cost numeric(28, 9) NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now()
)
"""


def upgrade() -> None:
    op.execute(ARCHIVES)


def downgrade() -> None:
    op.execute("DROP TABLE ledger_archives")
