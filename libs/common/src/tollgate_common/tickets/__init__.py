"""Tickets: the record in Redis of an inference request that was accepted and has not ended.

The gateway opens a ticket in one script and llm closes it in another (the reaper closes what both
have left behind), so the scripts and the shape of the keys are a protocol between services and
live here. What limits apply, and how much a request may use, is the gateway's to say; what it did
use is llm's.
"""

from tollgate_common.tickets.book import LimitState, Refusal, TicketBook
from tollgate_common.tickets.keys import bucket, buckets, limit_streams, usage_streams
from tollgate_common.tickets.models import (
    Attribution,
    Bound,
    Hold,
    Outcome,
    Reservation,
    ReservedLine,
)

__all__ = [
    "Attribution",
    "Bound",
    "Hold",
    "LimitState",
    "Outcome",
    "Refusal",
    "Reservation",
    "ReservedLine",
    "TicketBook",
    "bucket",
    "buckets",
    "limit_streams",
    "usage_streams",
]
