"""Writing and reading counts of refusals. Every function works in the caller's transaction."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from tollgate_common.refusal_counts import Counts, Quarter, Refused
from tollgate_reports.refusals.models import DIMENSIONS, refusals


def keep(connection: Connection, quarter: Quarter, counts: Counts) -> None:
    """Write the whole counts of a quarter down. They only grow, so the highest that was ever seen
    is right, in whatever order and however often they come. In the order of their keys, as all that
    several processes may write at once."""
    rows = [
        {"org": quarter.org, "bucket": _moment(quarter), **refused._asdict(), "count": count}
        for refused, count in sorted(counts.items(), key=lambda item: _order(item[0]))
    ]
    if not rows:
        return
    statement = insert(refusals)
    most = func.greatest(refusals.c.count, statement.excluded.count)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org", "bucket", *DIMENSIONS], set_={"count": most}
        ),
        rows,
    )


def kept(
    connection: Connection, quarters: Collection[Quarter]
) -> dict[Quarter, dict[Refused, int]]:
    """Return what is written down of these quarters of an hour, of one organisation each."""
    found: dict[Quarter, dict[Refused, int]] = {quarter: {} for quarter in quarters}
    for quarter in quarters:
        columns = [refusals.c[name] for name in Refused._fields]
        query = select(*columns, refusals.c.count).where(
            refusals.c.org == quarter.org, refusals.c.bucket == _moment(quarter)
        )
        for *dimensions, count in connection.execute(query):
            found[quarter][Refused(*dimensions)] = count
    return found


def _moment(quarter: Quarter) -> datetime:
    return datetime.fromtimestamp(quarter.start, UTC)


def _order(refused: Refused) -> tuple[str, ...]:
    return tuple(part or "" for part in refused)
