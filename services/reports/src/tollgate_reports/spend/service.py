"""What a project has spent."""

from sqlalchemy import Engine

from tollgate_common.money import to_nanos, usd_text
from tollgate_reports.spend import repository
from tollgate_reports.spend.repository import Sums
from tollgate_reports.spend.schemas import ModeSpend, Spend, SpendQuery


class SpendService:
    """It reads PostgreSQL. With PostgreSQL away it raises what SQLAlchemy raises, which is 503."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_project(self, asked: SpendQuery) -> Spend:
        with self._engine.connect() as connection:
            found = repository.by_mode(connection, asked.org, asked.project)
        return Spend(
            live=_figures(found.get("live", Sums())), test=_figures(found.get("test", Sums()))
        )


def _figures(sums: Sums) -> ModeSpend:
    return ModeSpend(
        requests=sums.requests,
        unpriced_requests=sums.unpriced_requests,
        cost_usd=usd_text(to_nanos(sums.cost)),
    )
