"""Every 403 that a known caller gets is an event of their organisation's audit log."""

from flask import Flask, g, request

from tollgate_common.audit.counts import AuditCounts, audit_counts
from tollgate_common.audit.events import AuditEvent, Target, actor_of
from tollgate_common.errors import Forbidden, TollgateError, answers
from tollgate_common.guard import Caller

ANY_CALLER = "authenticated"
"""Stands for the permission where a view asks for none."""


def register(app: Flask, counts: AuditCounts) -> None:
    """From now on what the app refuses is counted."""
    counts.register(app)
    answers.observe(app, note_refusal)


def note_refusal(error: TollgateError) -> None:
    """Count a refusal: by the permission that the view needs, never by what was asked for."""
    caller: Caller | None = g.get("caller")
    if caller is None or not isinstance(error, Forbidden):
        return
    permission = Target("permission", g.get("permission", ANY_CALLER))
    event = AuditEvent(error.audited_as, actor_of(caller), permission, error.error_code)
    audit_counts().note(caller.org, event, _route())


def _route() -> dict[str, str]:
    """Return the route as it is declared: what was asked for is the caller's own text."""
    rule = request.url_rule
    return {"method": request.method[:40], "route": rule.rule[:300] if rule else ""}
