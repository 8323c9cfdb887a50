"""When keys were last used: noted beside the request, told to auth a while after.

A key is noted at most once a minute in each process. What auth has not taken is told again;
nothing else depends on it, so what a process that dies had noted is simply lost, and so is what was
noted longest ago of more keys than `KEYS` while auth takes nothing.
"""

import threading
import time
from collections.abc import Mapping

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_common.logging import get_logger

PATH = "/internal/v1/keys/used"
SCOPE = "keys:use"
NOTED_EVERY_SECONDS = 60.0
TOLD_EVERY_SECONDS = 5.0
KEYS = 50_000
AT_ONCE = 1000

log = get_logger(__name__)


class KeyUses:
    def __init__(self, auth: ControlClient, tokens: ServiceTokens) -> None:
        self._auth = auth
        self._tokens = tokens
        self._noted: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def note(self, key: str) -> None:
        """The key was used just now."""
        now = time.monotonic()
        if self._noted.get(key, 0.0) < now:
            if len(self._noted) >= KEYS:
                self._noted.clear()
            self._noted[key] = now + NOTED_EVERY_SECONDS
            self._untold.pop(key, None)  # the order is that of noting
            if len(self._untold) >= KEYS:
                del self._untold[next(iter(self._untold))]
            self._untold[key] = int(time.time())

    def tell_until(self, stop: threading.Event) -> None:
        """Tell auth every few seconds, until told to stop."""
        while not stop.wait(TOLD_EVERY_SECONDS):
            try:
                self.tell()
            except DependencyDown:
                log.warning("key_uses_wait")

    def tell(self) -> None:
        """What was noted since the last time; `DependencyDown` leaves it to be told the next."""
        while self._untold:
            some = dict(list(self._untold.items())[:AT_ONCE])
            self._send(some)
            for key, at in some.items():
                if self._untold.get(key) == at:
                    del self._untold[key]

    def _send(self, uses: Mapping[str, int]) -> None:
        token = self._tokens.get("auth", SCOPE)
        answer = self._auth.request("POST", PATH, json={"keys": dict(uses)}, token=token)
        if not answer.ok:
            raise DependencyDown("auth")
