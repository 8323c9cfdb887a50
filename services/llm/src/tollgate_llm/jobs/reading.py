"""Whoever reads an answer that somebody else has asked for is in the audit log."""

from tollgate_common.audit import AuditEvent, Target, actor_of, audit_counts
from tollgate_common.guard import Caller
from tollgate_llm.jobs.models import Job


def note_reading(caller: Caller, job: Job) -> None:
    """Count a reading of the job's answer, unless it is its maker's: its user, by whatever key, or
    the key of a job that has no user."""
    is_own = caller.user == job.user if job.user else caller.key == job.key
    if job.response_body is not None and not is_own:
        event = AuditEvent("job.read", actor_of(caller), Target("job", job.id))
        audit_counts().note(job.org, event)
