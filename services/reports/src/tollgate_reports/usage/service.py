"""Usage: from what was asked to the answer in figures."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.visibility import Visibility
from tollgate_reports.ledger.models import MARKED_REQUESTS
from tollgate_reports.refusals.service import Refusals
from tollgate_reports.usage import repository
from tollgate_reports.usage.periods import current_month, parse_period, zone_of
from tollgate_reports.usage.schemas import Question, UsageQuery
from tollgate_reports.visibility import filters_for

ROWS_MAX = 50_000


def question_of(visibility: Visibility, query: UsageQuery, now: datetime | None = None) -> Question:
    """The question of a caller who sees this, complete."""
    zone = zone_of(query.timezone)
    visible = visibility.in_mode(query.mode)
    return Question(
        visibility=visible,
        period=(
            parse_period(query.period, zone)
            if query.period
            else current_month(now or datetime.now(UTC), zone)
        ),
        zone=zone,
        grain=query.grain,
        groups=query.group_by,
        filters={**filters_for(visible, query), **_marks_of(query)},
    )


def _marks_of(query: UsageQuery) -> dict[str, bool]:
    return {
        mark: value
        for count, mark in MARKED_REQUESTS.items()
        if (value := getattr(query, count, None)) is not None
    }


class UsageService:
    """Answers from PostgreSQL; `as_of` says how far an organisation's books are."""

    def __init__(
        self, engine: Engine, as_of: Callable[[str], datetime | None], refusals: Refusals
    ) -> None:
        self._engine = engine
        self._as_of = as_of
        self._refusals = refusals

    def answer(self, question: Question) -> dict[str, Any]:
        """The body of `GET /usage`."""
        # pandas is a third of the process's memory: it comes with the first question.
        from tollgate_reports.usage import frames

        as_of = self._as_of(question.visibility.org)
        self._refusals.collect_for(question.visibility.org)
        with self._engine.connect() as connection:
            frame = frames.shape(repository.read(connection, question), question)
        if len(frame) > ROWS_MAX:
            raise InvalidField(
                f"period: this makes more than {ROWS_MAX} rows; ask for less at a time, or for a"
                " report.",
                param="period",
            )
        return {
            "data": frames.rows_of(frame, question),
            "totals": frames.totals_of(frame),
            "as_of": timestamp(as_of) if as_of else None,
        }
