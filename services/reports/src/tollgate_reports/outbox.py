"""reports' outbox: what others must hear of is written in the transaction that changes it."""

from tollgate_common.events.outbox import Outbox, outbox_table
from tollgate_reports.database import metadata

outbox_rows = outbox_table(metadata)
outbox = Outbox(outbox_rows, "reports")
