"""Keys and service accounts from before get the makers that the audit log names.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("keys", "service_accounts")
# The limits of a maker count these calls from when the last process knows of it.
FILL = """
WITH RECURSIVE made AS (
  SELECT target_id AS child, actor_id AS maker FROM audit_log
  WHERE action IN ('key.created', 'service_account.created')
    AND (actor_kind = 'key' OR actor_id LIKE 'sva\\_%')
), climbed AS (
  SELECT child, maker, 1 AS steps FROM made
  UNION ALL
  SELECT climbed.child, made.maker, climbed.steps + 1
  FROM climbed JOIN made ON made.child = climbed.maker WHERE climbed.steps < 64
), lineages AS (
  SELECT child, array_agg(maker::text ORDER BY steps DESC) AS makers FROM climbed GROUP BY child
)
UPDATE {table} SET lineage = makers, lineage_since = now() + interval '15 minutes'
FROM lineages WHERE id = child AND lineage = '{{}}'
"""


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("lineage_since", sa.DateTime(timezone=True), nullable=True))
        op.execute(FILL.format(table=table))


def downgrade():
    for table in TABLES:
        op.drop_column(table, "lineage_since")
