"""A subject has no two equal limits; a limit goes on counting when its time zone changes.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DIGEST = """
CREATE FUNCTION models_digest(models text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT encode(sha256(convert_to(array_to_string(
    ARRAY(SELECT DISTINCT lower(name COLLATE "C") FROM unnest(models) AS name ORDER BY 1), E'\\n'
  ), 'UTF8')), 'hex')
$$
"""
# Those that were made twice stay, and go on refusing: only the oldest keeps others from being
# made like it.
MARK = """
UPDATE limits SET is_duplicate = true WHERE id IN (
  SELECT id FROM (
    SELECT id, row_number() OVER (
      PARTITION BY subject_kind, subject_id, metric, "window", mode, timezone,
                   models_digest(models)
      ORDER BY id
    ) AS place FROM limits
  ) AS placed WHERE place > 1
)
"""


def upgrade():
    op.execute(DIGEST)
    op.add_column("limits", sa.Column("transition", postgresql.JSONB(none_as_null=True)))
    op.add_column(
        "limits",
        sa.Column("is_duplicate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(MARK)
    op.create_index(
        "uq_limits_equal",
        "limits",
        ["subject_kind", "subject_id", "metric", "window", "mode", "timezone",
         sa.text("models_digest(models)")],
        unique=True,
        postgresql_where=sa.text("NOT is_duplicate"),
    )


def downgrade():
    op.drop_index("uq_limits_equal", "limits")
    op.drop_column("limits", "is_duplicate")
    op.drop_column("limits", "transition")
    op.execute("DROP FUNCTION models_digest(text[])")
