"""Until when a caller wants to wait."""

import math
import time

from tollgate_common.errors import BadRequest

HEADER = "x-tollgate-timeout"
LONGEST_SECONDS = 24 * 3600.0


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; negative when it has passed."""
        return self._at - time.monotonic()


def deadline_of(header: str | None, default: float) -> Deadline:
    """From the caller's header, in seconds; `BadRequest` when it is none."""
    if header is None:
        return Deadline(default)
    try:
        seconds = float(header)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_SECONDS:
        raise BadRequest(
            f"{HEADER}: seconds, more than 0 and at most {LONGEST_SECONDS:.0f}.", param=HEADER
        )
    return Deadline(seconds)
