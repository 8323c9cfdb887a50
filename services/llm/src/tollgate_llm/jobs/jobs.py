"""What rq calls, by its dotted path."""

from flask import current_app

from tollgate_llm.jobs.runner import JobRunner

EXTENSION = "job_runner"


def run(job_id: str) -> None:
    """Run one job; the worker has pushed the app's context, with its runner."""
    runner: JobRunner = current_app.extensions[EXTENSION]
    runner.run(job_id)
