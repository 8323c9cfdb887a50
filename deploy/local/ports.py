"""Whether our ports are free, and who holds those that are not."""

import contextlib
import socket
from collections.abc import Iterable, Mapping

import psutil

from deploy.local.errors import CannotStart

ADDRESS = "127.0.0.1"


def check_free(ports: Mapping[str, int]) -> None:
    """`ports`: variable → port. Raises CannotStart with a sentence for each port in use."""
    taken = {name: port for name, port in ports.items() if not is_free(port)}
    if taken:
        holders = listeners()
        raise CannotStart(
            *(_sentence(name, port, holders.get(port)) for name, port in taken.items())
        )


def _sentence(name: str, port: int, holder: str | None) -> str:
    by = f" by {holder}" if holder else ""
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


def listeners() -> dict[int, str]:
    """Port → "name (process 123)" of what listens, as far as this user may see."""
    found: dict[int, str] = {}
    with contextlib.suppress(psutil.Error):  # macOS shows foreign sockets to root only
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
                with contextlib.suppress(psutil.Error):
                    name = psutil.Process(connection.pid).name()
                    found[connection.laddr.port] = f"{name} (process {connection.pid})"
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
