"""rq jobs of the ledger."""

from tollgate_reports.job_context import job_engine
from tollgate_reports.ledger.service import Ledger


def make_partitions() -> None:
    """Make the partitions of the months to come, daily."""
    Ledger(job_engine()).make_partitions_ahead()
