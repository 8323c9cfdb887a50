"""What is unknown is never silent: usage that nobody knows the price of, and reports of more usage
than is possible, are told once for each organisation, model and day (UTC), by the day on which the
request was opened.

Webhooks and other listeners get the event from the outbox, which reports' server empties.
"""

from sqlalchemy import Connection

from tollgate_common.logging import get_logger
from tollgate_reports.alerts import repository
from tollgate_reports.outbox import outbox

log = get_logger(__name__)


def raise_alerts(connection: Connection) -> None:
    """Write the events of a batch that has just been booked, in its transaction."""
    for row in repository.add_of_batch(connection):
        data = {
            "org": row["org"],
            "model": row["model"],
            "provider": row["provider"],
            "mode": row["mode"],
            "day": row["day"].isoformat(),
            "ticket": str(row["id"]),
            "request_id": row["request_id"],
        }
        outbox.add(connection, row["type"], data, subject=str(row["id"]))
        log.warning("usage_alert", type=row["type"], org=row["org"], model=row["model"])
