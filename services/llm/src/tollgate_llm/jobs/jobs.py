"""What rq calls, by its dotted path."""

from flask import current_app
from rq.job import Retry

from tollgate_llm.jobs.runner import JobRunner

EXTENSION = "job_runner"
ANY_NUMBER = 2**31
"""The times that a job may wait: its lifetime is what ends that."""


def run(job_id: str) -> Retry | None:
    """Run one job; the worker has pushed the app's context, with its runner. rq runs it again after
    the pause that it has to make, which is not counted among failures."""
    runner: JobRunner = current_app.extensions[EXTENSION]
    pause = runner.run(job_id)
    return None if pause is None else Retry(max=ANY_NUMBER, interval=pause)
