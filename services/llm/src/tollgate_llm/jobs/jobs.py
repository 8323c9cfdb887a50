"""What rq calls, by its dotted path."""

from flask import current_app

from tollgate_llm.jobs.turns import Turns

EXTENSION = "turns"


def run(*_: str) -> None:
    """A job was queued: look whose turn it is. The worker has pushed the app's context. What an
    older version has queued carries the job's id."""
    turns: Turns = current_app.extensions[EXTENSION]
    turns.wake()
