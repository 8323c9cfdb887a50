"""Service accounts have owners: of those from before, the people who made them.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FILL = """
UPDATE service_accounts SET owner_id = users.id
FROM audit_log LEFT JOIN keys ON keys.id = audit_log.actor_id
JOIN users ON users.id = coalesce(keys.user_id, audit_log.actor_id)
WHERE audit_log.action = 'service_account.created' AND audit_log.target_id = service_accounts.id
  AND users.role IS NOT NULL AND users.deactivated_at IS NULL
"""


def upgrade():
    op.add_column("service_accounts", sa.Column("owner_id", sa.String(40), nullable=True))
    op.create_foreign_key(
        "fk_service_accounts_owner_id_users", "service_accounts", "users", ["owner_id"], ["id"]
    )
    op.create_index("ix_service_accounts_owner_id", "service_accounts", ["owner_id"])
    op.execute(FILL)


def downgrade():
    op.drop_column("service_accounts", "owner_id")
