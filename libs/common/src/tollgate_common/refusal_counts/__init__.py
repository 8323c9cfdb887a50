"""How often requests were refused, and why: counted by the gateway, kept for good by reports.

A refused request leaves no ticket and no row. What is counted of it lies in Redis, by organisation
and quarter of an hour, until reports has it in its own table; both sides are a protocol, and so
they are here. Counts only grow, and each side may do again what it is not sure to have done: the
gateway numbers what it adds, and reports takes over whole counts and never differences.
"""

from tollgate_common.refusal_counts.book import (
    KEPT_SECONDS,
    MOST_FIELDS,
    OTHER_MODELS,
    Counts,
    Quarter,
    RefusalBook,
    Refused,
    quarter_of,
)

__all__ = [
    "KEPT_SECONDS",
    "MOST_FIELDS",
    "OTHER_MODELS",
    "Counts",
    "Quarter",
    "RefusalBook",
    "Refused",
    "quarter_of",
]
