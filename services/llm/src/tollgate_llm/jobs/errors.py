"""What can be wrong with a job."""

from tollgate_common.errors import Conflict, NotFound, TooMany

MEGABYTE = 1_000_000
RETRY_SECONDS = 30


class JobNotFound(NotFound):
    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job `{job_id}`.", param="id")


class JobFinished(Conflict):
    """What is finished cannot be cancelled."""

    code = "job_finished"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"The job `{job_id}` is already {status}.", param="id")


class QueueFull(TooMany):
    """An organisation has as many queued calls, or as many bytes of them, as it may."""

    code = "queue_full"

    def __init__(self, jobs: int, size: int) -> None:
        super().__init__(
            f"The organisation may have {jobs} queued calls of {size // MEGABYTE} MB in all: wait"
            " for some of them to end, or cancel them.",
            RETRY_SECONDS,
        )
