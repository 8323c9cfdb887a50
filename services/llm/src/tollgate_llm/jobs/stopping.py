"""Breaking a call off from another thread than the one that waits for its answer."""

import contextlib
import socket
import threading


class Stopper:
    """Of one call. Shutting its socket down ends the waiting, and tells the other side that nobody
    waits any more. Stopping before there is a socket stops the call once there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_stopped = False

    def watch(self, connection: socket.socket) -> None:
        """This is the call's socket from now on."""
        with self._lock:
            self._socket = connection
            if self._is_stopped:
                _shut(connection)

    def release(self) -> None:
        """The call has ended: its socket is closed, and its number soon another's."""
        with self._lock:
            self._socket = None

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
