"""Books the tickets whose owner died: those whose lease has ended.

Every gateway process runs one; the script decides which of them books a ticket.
"""

import threading

from redis.exceptions import RedisError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import tickets_closed, tickets_lost
from tollgate_common.tickets import TicketBook, buckets
from tollgate_gateway.tickets.lost import lost_outcome

EVERY_SECONDS = 5.0

log = get_logger(__name__)


def reap_until(book: TicketBook, stop: threading.Event) -> None:
    """Look for expired leases every few seconds until told to stop."""
    while not stop.wait(EVERY_SECONDS):
        try:
            reap(book)
        except RedisError as error:
            log.warning("reaper_waits", error=type(error).__name__)


def reap(book: TicketBook) -> int:
    """Book what has expired, at the most that it could use; how many tickets that were."""
    return sum(_lose(book, tag, ticket) for tag in buckets() for ticket in book.expired(tag))


def _lose(book: TicketBook, tag: str, ticket_id: str) -> int:
    found = book.read(tag, ticket_id)
    if found is None:
        return 0
    ticket, held = found
    outcome = lost_outcome(ticket.model, held.bound, "lease_expired")
    if not book.lose(ticket.org, ticket_id, outcome, held.counters(), if_expired=True):
        return 0
    tickets_lost.inc()
    tickets_closed.labels("lost").inc()
    log.warning("ticket_lost", ticket=ticket_id, org=ticket.org)
    return 1
