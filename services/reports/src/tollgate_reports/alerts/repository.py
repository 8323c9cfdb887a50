"""Writing alerts. Every function works in the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

from tollgate_reports.alerts.models import MODEL_LENGTH

UNPRICED = "usage.unpriced"
CAPPED = "usage.capped"

# In the order of the keys, as all that several consumers may write at once.
_ADD = text(f"""
WITH marked AS (
    SELECT '{UNPRICED}' AS type, row.*, coalesce(line ->> 'model', row.model) AS name
    FROM incoming AS row LEFT JOIN LATERAL jsonb_array_elements(row.lines) AS line
        ON line ->> 'unit_price_usd' IS NULL AND (line ->> 'quantity')::numeric <> 0
    WHERE row.unpriced
    UNION ALL
    SELECT '{CAPPED}', row.*, row.model FROM incoming AS row WHERE row.capped
), first_of_day AS (
    SELECT DISTINCT ON (type, org, left(name, {MODEL_LENGTH}), opened_at::date)
           type, org, left(name, {MODEL_LENGTH}) AS model, opened_at::date AS day, id,
           request_id, provider, mode, opened_at
    FROM marked
    ORDER BY type, org, left(name, {MODEL_LENGTH}), opened_at::date, opened_at, id
), added AS (
    INSERT INTO usage_alerts (type, org, model, day, ticket)
    SELECT type, org, model, day, id FROM first_of_day
    ON CONFLICT DO NOTHING RETURNING type, org, model, day
)
SELECT * FROM first_of_day JOIN added USING (type, org, model, day)
""")  # noqa: S608 - made of our own words


def add_of_batch(connection: Connection) -> Sequence[RowMapping]:
    """Note the alerts that the batch in the table `incoming` gives rise to; those of them that
    nobody has heard of yet, each with the first request that it is about. Times are UTC, the
    connection's own zone."""
    return connection.execute(_ADD).mappings().all()
