"""Callers who hang up while nothing flows: nobody would notice before the next write.

While a request waits for the hop behind it, its caller's socket is looked at now and then. Once
the caller has closed it, the waiting ends with `CallerGone`, and so does the call that was waited
for. Bytes that wait to be read are a caller's next request, not its end. A caller that only shuts
its sending side has hung up as well: nothing tells the one from the other.

Looked at are only requests that wait at that moment, all of a process's by one thread; waiting
costs an entry in a dict.
"""

import errno
import socket
import threading
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import gevent

EVERY_SECONDS = 0.5

caller: ContextVar[socket.socket | None] = ContextVar("caller", default=None)
"""Whose request this is. A service that wants to know of hang-ups sets it, from `SOCKET`."""

SOCKET = "gunicorn.socket"
"""Where the server puts it into the environment of a request."""

_waiting: dict[Any, socket.socket] = {}


class CallerGone(BrokenPipeError):
    """The caller has hung up. Servers take it for what it is, a peer that left, and keep quiet."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the caller hung up")


class _Interrupted(OSError):
    """Thrown into what waits: what any client gives its connection up for."""


class Noticed:
    """`with` it around waiting for the hop behind. Can be used again and again, by one request;
    without a caller it does nothing."""

    __slots__ = ("_caller",)

    def __init__(self) -> None:
        self._caller = caller.get()

    def __enter__(self) -> None:
        if self._caller is not None:
            _waiting[gevent.getcurrent()] = self._caller

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._caller is not None:
            del _waiting[gevent.getcurrent()]
        if kind is _Interrupted:
            raise CallerGone from None


def check() -> None:
    """`CallerGone` if this request's caller is."""
    found = caller.get()
    if found is not None and _is_gone(found):
        raise CallerGone


def notice_until(stop: threading.Event) -> None:
    """End the waiting of those whose callers have gone, until told to stop."""
    while not stop.wait(EVERY_SECONDS):
        for waiter, waited_for_by in list(_waiting.items()):
            if _is_gone(waited_for_by):
                # From the hub, as gevent's own timeouts: nothing else runs in between.
                gevent.get_hub().loop.run_callback(_interrupt, waiter)


def _interrupt(waiter: Any) -> None:
    """Unless it has gone on; if what it waits in goes on regardless, then once more next time."""
    if waiter in _waiting:
        waiter.throw(_Interrupted("the caller hung up"))


def _is_gone(connection: socket.socket) -> bool:
    # gevent's own `recv` would wait; the socket inside it, always non-blocking, does not.
    inner: Any = getattr(connection, "_sock", connection)
    try:
        return not inner.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
