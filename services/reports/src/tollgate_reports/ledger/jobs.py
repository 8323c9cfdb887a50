"""rq jobs of the ledger."""

from tollgate_reports.ledger.service import Ledger
from tollgate_reports.processes import job_engine


def make_partitions() -> None:
    """Make the partitions of the months to come, daily."""
    Ledger(job_engine()).make_partitions_ahead()
