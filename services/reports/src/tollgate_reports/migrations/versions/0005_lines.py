"""Priced lines, and what comes with them.

The CHECK is not held against the rows of before, which have no lines: adding it takes no longer
for a large ledger than for an empty one.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COST_OF_LINES = """
CREATE FUNCTION usage_lines_cost(lines jsonb) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    total numeric := 0;
BEGIN
    FOR place IN 0 .. jsonb_array_length(lines) - 1 LOOP
        total := total + (lines -> place ->> 'cost_usd')::numeric;
    END LOOP;
    RETURN total;
END
$$
"""

LEDGER = """
ALTER TABLE ledger
    ADD COLUMN client_request_id text,
    ADD COLUMN cache_write_tokens bigint NOT NULL DEFAULT 0,
    ADD COLUMN lines jsonb,
    ADD COLUMN service_tier text,
    ADD COLUMN unpriced boolean NOT NULL DEFAULT false,
    ADD COLUMN capped boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ledger_cost_is_its_lines CHECK (cost = usage_lines_cost(lines)) NOT VALID
"""

ROLLUPS = """
ALTER TABLE rollups
    ADD COLUMN cache_write_tokens bigint NOT NULL DEFAULT 0,
    ADD COLUMN unpriced_requests bigint NOT NULL DEFAULT 0,
    ADD COLUMN capped_requests bigint NOT NULL DEFAULT 0
"""


def upgrade() -> None:
    op.execute(COST_OF_LINES)
    op.execute(LEDGER)
    op.execute(
        "CREATE INDEX ledger_org_client_request_id_idx ON ledger (org, client_request_id) "
        "WHERE client_request_id IS NOT NULL"
    )
    op.execute(ROLLUPS)


def downgrade() -> None:
    op.execute(
        "ALTER TABLE rollups DROP COLUMN cache_write_tokens, DROP COLUMN unpriced_requests, "
        "DROP COLUMN capped_requests"
    )
    op.execute(
        "ALTER TABLE ledger DROP CONSTRAINT ledger_cost_is_its_lines, "
        "DROP COLUMN client_request_id, DROP COLUMN cache_write_tokens, DROP COLUMN lines, "
        "DROP COLUMN service_tier, DROP COLUMN unpriced, DROP COLUMN capped"
    )
    op.execute("DROP FUNCTION usage_lines_cost(jsonb)")
