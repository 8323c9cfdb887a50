"""How long, and from which seed."""

import os

SECONDS = float(os.environ.get("TOLLGATE_FUZZ_SECONDS", "600"))
SEED = int(os.environ.get("TOLLGATE_FUZZ_SEED", "1"))
CALLERS = 4
# Memory is compared from here on to the end: what a process fills once, it has filled by then.
WARM_SECONDS = min(60.0, SECONDS / 3)
MOST_GROWTH = 1.10
# In a shorter run pools and caches are still filling.
WATCHED_FROM_SECONDS = 300.0
EVERY_SECONDS = 30.0
# After so many wrong answers a run is over.
MOST_WRONG = 20
