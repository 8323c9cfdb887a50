"""Whether our ports are free, and who holds those that are not."""

import contextlib
import socket
from collections.abc import Iterable, Mapping

import psutil

from deploy.local import strays
from deploy.local.errors import CannotStart

ADDRESS = "127.0.0.1"


def check_free(ports: Mapping[str, int]) -> None:
    """`ports`: variable → port. Raises CannotStart with a sentence for each port in use, or with
    one for all that another stack of ours holds.
    """
    taken = {name: port for name, port in ports.items() if not is_free(port)}
    if taken:
        holders = listeners()
        if state := _other_stack(holders.get(port) for port in taken.values()):
            name, port = next(iter(taken.items()))
            raise CannotStart(
                f"The Tollgate of {state} uses {len(taken)} of our ports ({port} first). Stop it"
                f" with `make down` there, or give this one others (in .env, {name} first)."
            )
        raise CannotStart(
            *(_sentence(name, port, holders.get(port)) for name, port in taken.items())
        )


def _sentence(name: str, port: int, holder: psutil.Process | None) -> str:
    by = ""
    with contextlib.suppress(psutil.Error):
        by = f" by {holder.name()} (process {holder.pid})" if holder else ""
    return f"Port {port} is in use{by}. Stop that, or set {name} to a free port (in .env)."


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            listener.listen(1)
        except OSError:
            return False
    return True


def _other_stack(holders: Iterable[psutil.Process | None]) -> str | None:
    """The state folder of the stack that all of them belong to."""
    folders = {strays.folder_of(holder) if holder else None for holder in holders}
    return folders.pop() if len(folders) == 1 else None


def listeners() -> dict[int, psutil.Process]:
    """Port → the process that listens, as far as this user may see."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.Error):  # macOS shows foreign sockets to root only
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
                with contextlib.suppress(psutil.Error):
                    found[connection.laddr.port] = psutil.Process(connection.pid)
    return found


def accepts(port: int) -> bool:
    """Whether something takes connections on the port."""
    with socket.socket() as client:
        client.settimeout(0.5)
        return client.connect_ex((ADDRESS, port)) == 0


def free(names: Iterable[str]) -> dict[str, int]:
    """A different free port for each name: all are held until the last is found."""
    with contextlib.ExitStack() as stack:
        found = {}
        for name in names:
            listener = stack.enter_context(socket.socket())
            listener.bind((ADDRESS, 0))
            found[name] = listener.getsockname()[1]
    return found
