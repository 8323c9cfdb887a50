"""What every service gives to the audit log, which is auth's.

A change is an entry of its own, written in the transaction that makes it (`changes`). Refusals, and
deeds that anybody can repeat without end, are counted (`counts`): auth makes of all that are alike
one entry with a count for each window of time, so that no flood of them fills its table.
"""

from tollgate_common.audit.counts import AuditCounts, audit_counts
from tollgate_common.audit.events import (
    ANONYMOUS,
    Actor,
    AuditBatch,
    AuditEvent,
    Occurrences,
    Origin,
    Target,
    actor_of,
)

__all__ = [
    "ANONYMOUS",
    "Actor",
    "AuditBatch",
    "AuditCounts",
    "AuditEvent",
    "Occurrences",
    "Origin",
    "Target",
    "actor_of",
    "audit_counts",
]
