"""Taking up a changed overlay file while the process runs."""

import threading
from pathlib import Path

from tollgate_common.logging import get_logger
from tollgate_llm.pricing import overlay
from tollgate_llm.pricing.price_list import PriceList

WATCH_SECONDS = 60.0

log = get_logger(__name__)


class OverlayWatcher:
    """Takes up a changed overlay file within a minute. One that cannot be used is logged, and the
    last good one stays."""

    def __init__(self, prices: PriceList, path: Path | None) -> None:
        self._prices = prices
        self._path = path
        self._seen = self._stamp()

    def follow(self, stop: threading.Event) -> None:
        """Look every minute until told to stop; without a file of the operator's there is
        nothing to look at."""
        while self._path is not None and not stop.wait(WATCH_SECONDS):
            self.look()

    def look(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._prices.use(overlay.read(self._path))
        except overlay.OverlayInvalid as error:
            log.error("price_overlay_refused", reason=str(error))
        else:
            log.info("price_overlay_taken", file=str(self._path))

    def _stamp(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
