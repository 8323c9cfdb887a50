"""Reading lines without a price. Every function works in the caller's transaction."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Numeric, RowMapping, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from tollgate_common.visibility import Visibility
from tollgate_reports.ledger.models import ledger
from tollgate_reports.usage.periods import Period


def sums(
    connection: Connection,
    visibility: Visibility | None,
    period: Period,
    filters: Mapping[str, str],
    limit: int,
) -> Sequence[RowMapping]:
    """Return what the visible requests of a period, or everybody's without `visibility`, used
    without a price, by model, provider and kind, last seen first. `model` and `kind` of the filters
    are the lines', the rest are columns of the ledger. A line that an adjustment has taken back
    counts for nothing."""
    lines = func.jsonb_array_elements(ledger.c.lines)
    line = cast(lines.table_valued("value", name="line", joins_implicitly=True).c.value, JSONB)
    of_line = {name: line[name].astext.label(name) for name in ("model", "kind", "unit")}
    columns = {**ledger.c, **of_line}
    conditions = [columns[name] == value for name, value in filters.items()]
    quantity = func.sum(cast(line["quantity"].astext, Numeric))
    request = func.coalesce(ledger.c.adjusts, ledger.c.id).label("request")
    used = (
        select(*of_line.values(), ledger.c.provider, ledger.c.opened_at, quantity.label("quantity"))
        .select_from(ledger)  # before the function that reads its column
        .where(
            ledger.c.unpriced,
            ledger.c.opened_at >= period.start,
            ledger.c.opened_at < period.end,
            line["unit_price_usd"].astext.is_(None),
            *conditions,
            *_visible(visibility),
        )
        .group_by(request, *of_line.values(), ledger.c.provider, ledger.c.opened_at)
        .having(quantity != 0)
        .subquery("used")
    )
    by = [used.c[name] for name in ("model", "provider", "kind", "unit")]
    last_seen = func.max(used.c.opened_at).label("last_seen")
    query = (
        select(
            *by,
            func.count().label("requests"),
            func.sum(used.c.quantity).label("quantity"),
            func.min(used.c.opened_at).label("first_seen"),
            last_seen,
        )
        .group_by(*by)
        .order_by(last_seen.desc(), *by)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def _visible(visibility: Visibility | None) -> list[ColumnElement[bool]]:
    if visibility is None:
        return []
    return visibility.conditions(org=ledger.c.org, project=ledger.c.project, mode=ledger.c.mode)
