"""Every file that leaves is in the audit log, with who has taken it."""

from tollgate_common.audit import ANONYMOUS, Actor, AuditEvent, Target, audit_counts

ACTION = "report.downloaded"


def note_download(org: str, report: str, actor: Actor = ANONYMOUS) -> None:
    """Count a download. A signed link says nothing of who uses it."""
    audit_counts().note(org, AuditEvent(ACTION, actor, Target("report", report)))
