"""What can go wrong with a report."""

from tollgate_common.errors import Conflict, Forbidden, NotFound, TooMany

RETRY_SECONDS = 30


class UnknownReport(NotFound):
    code = "report_not_found"

    def __init__(self) -> None:
        super().__init__("There is no report of this id.")


class ReportNotReady(Conflict):
    code = "report_not_ready"

    def __init__(self, status: str) -> None:
        super().__init__(f"The report is {status}: there is nothing to download.")


class InvalidLink(Forbidden):
    code = "invalid_link"

    def __init__(self) -> None:
        super().__init__(
            "The link is not valid, or no longer: ask for the report to get a new one."
        )


class ReportTooLarge(Exception):
    """The run makes more rows than a report may have."""


class QueueFull(TooMany):
    """An organisation has as many reports in the queue as it may."""

    code = "queue_full"

    def __init__(self, reports: int) -> None:
        super().__init__(
            f"The organisation may have {reports} reports in the queue: wait for some of them.",
            RETRY_SECONDS,
        )
