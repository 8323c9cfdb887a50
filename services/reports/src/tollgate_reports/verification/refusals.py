"""The counts of refusals that are kept against those that are still in Redis."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Engine

from tollgate_common.refusal_counts import Counts, Quarter, RefusalBook, Refused
from tollgate_common.tickets import buckets
from tollgate_reports.refusals import repository
from tollgate_reports.verification.schemas import Drift

NOT_KEPT = "Refusals were counted and not taken over: the ledger process does that."
TOO_MANY = (
    "More refusals are kept than were counted: Redis was set back, or rows were made by hand."
)


def compare(engine: Engine, book: RefusalBook) -> Iterator[tuple[Quarter, list[Drift]]]:
    """Yield every quarter of an hour whose counts have all been taken over, and where they differ.
    Counts only grow: what is kept is no less than what was counted before it was looked at, and no
    more than what is counted after."""
    for tag in buckets():
        for quarter in book.every(tag):
            before = book.counts(quarter)
            if quarter in book.changed(tag):
                continue
            with engine.connect() as connection:
                kept = repository.kept(connection, [quarter])[quarter]
            after = book.counts(quarter)
            if after:  # else it has expired meanwhile
                yield quarter, list(_differing(quarter, before, kept, after))


def _differing(quarter: Quarter, before: Counts, kept: Counts, after: Counts) -> Iterator[Drift]:
    for refused in sorted({*before, *kept}, key=str):
        found = kept.get(refused, 0)
        least, most = before.get(refused, 0), after.get(refused, 0)
        if found < least:
            yield _drift(quarter, refused, found, least, NOT_KEPT)
        if found > most:
            yield _drift(quarter, refused, found, most, TOO_MANY)


def _drift(quarter: Quarter, refused: Refused, found: int, expected: int, cause: str) -> Drift:
    begun = datetime.fromtimestamp(quarter.start, UTC)
    whose = f"{refused.project} {refused.key} {refused.user} {refused.mode}"
    what = f"{refused.code} of {begun:%Y-%m-%dT%H:%MZ} {quarter.org} {whose}"
    return Drift("refusals", what, str(found), str(expected), cause)
