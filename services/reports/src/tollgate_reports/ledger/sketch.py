"""The latency sketch of a rollup: how many requests fell between fixed bounds.

The bounds grow by the square root of two from 1 ms to about 17 minutes, so two sketches merge by
adding their counts, and a quantile read from one is right to within a factor of 1.2. They are
part of what is stored: changing them means making the rollups anew.
"""

import math
from collections.abc import Sequence

BOUNDS_MS: tuple[int, ...] = tuple(sorted({round(2 ** (power / 2)) for power in range(41)}))
SLOTS = len(BOUNDS_MS) + 1


def quantile_ms(counts: Sequence[int], share: float) -> int | None:
    """The latency that `share` of the requests stayed below, in ms; None without requests. It is
    the middle (geometric) of the slot it falls into."""
    total = sum(counts)
    seen = 0
    for slot, count in enumerate(counts):
        seen += count
        if total and seen >= share * total:
            return _middle(slot)
    return None


def _middle(slot: int) -> int:
    if slot == 0:
        return 0
    low = BOUNDS_MS[slot - 1]
    high = BOUNDS_MS[slot] if slot < len(BOUNDS_MS) else low
    return round(math.sqrt(low * high))
