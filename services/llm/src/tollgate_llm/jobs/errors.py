"""What can be wrong with a job."""

from tollgate_common.errors import Conflict, NotFound


class JobNotFound(NotFound):
    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job `{job_id}`.", param="id")


class JobFinished(Conflict):
    """What is finished cannot be cancelled."""

    code = "job_finished"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"The job `{job_id}` is already {status}.", param="id")
