"""What the run can be told, by environment variables."""

import os

REQUESTS = int(os.environ.get("TOLLGATE_CHAOS_REQUESTS", "4000"))
CALLERS = int(os.environ.get("TOLLGATE_CHAOS_CALLERS", "16"))
LOAD_SECONDS = 600
"""How long the requests may take in all; a machine that is slower than this is too slow."""
LEASE_SECONDS = 120 + 30
"""Within which the reaper has booked what nobody else could."""
