"""Sums over the rollups. The function works in the caller's transaction."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, cast, func, select

from tollgate_reports.ledger.models import rollups


class Sums(NamedTuple):
    """`cost` is in dollars. `unpriced_requests` used something that nobody knows the price of."""

    requests: int = 0
    unpriced_requests: int = 0
    cost: Decimal = Decimal(0)


def by_mode(connection: Connection, org: str, project: str) -> dict[str, Sums]:
    """Return the sums of each mode in which the project was used."""
    table = rollups.c
    counts = (cast(func.sum(table[name]), BigInteger) for name in Sums._fields[:-1])
    query = (
        select(table.mode, *counts, func.sum(table.cost))
        .where(table.org == org, table.project == project)
        .group_by(table.mode)
    )
    return {mode: Sums(*sums) for mode, *sums in connection.execute(query)}
