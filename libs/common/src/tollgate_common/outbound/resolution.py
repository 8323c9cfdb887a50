"""Names become the addresses that a connection may go to, once for each connection."""

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tollgate_common.address_policy import Network, is_allowed
from tollgate_common.logging import get_logger

AddressInfo = tuple[Any, Any, int, str, Any]
"""What `socket.getaddrinfo` says of one address: family, type, protocol, name, socket address."""

Lookup = Callable[[str, int, int, int], Sequence[AddressInfo]]
"""`getaddrinfo` with host, port, family and type: `socket`'s, or gevent's."""

log = get_logger(__name__)


class AddressRefused(OSError):
    """None of a host's addresses may be connected to. Clients treat it like any other connection
    that cannot be made. Its text goes to callers, and so names no address."""

    def __init__(self) -> None:
        super().__init__("its address is not public, and this installation does not allow it")


class Outbound:
    """The rule for addresses that organisations name, with the networks that the operator allows
    besides public ones."""

    def __init__(self, networks: Iterable[Network] = (), lookup: Lookup | None = None) -> None:
        self._networks = tuple(networks)
        self._lookup = lookup or socket.getaddrinfo

    def addresses(self, host: str, port: int) -> list[AddressInfo]:
        """Resolve the host, and return those of its addresses that may be connected to. Raises
        `AddressRefused` where there is none, `socket.gaierror` where the name is not known."""
        try:
            infos = self._lookup(host, port, 0, socket.SOCK_STREAM)
        except ValueError:  # an empty label, one that is too long, NUL
            raise socket.gaierror(socket.EAI_NONAME, "the host is no name") from None
        return self.admit(host, infos)

    def admit(self, host: str, infos: Iterable[AddressInfo]) -> list[AddressInfo]:
        """Return those addresses that may be connected to; `AddressRefused` where there is none."""
        admitted = [info for info in infos if is_allowed(ip_address(info[4][0]), self._networks)]
        if not admitted:
            log.warning("outbound_address_refused", host=host)
            raise AddressRefused
        return admitted

    def connect(
        self,
        host: str,
        port: int,
        timeout: float | None,
        options: Iterable[tuple[int, int, int | bytes]] = (),
    ) -> socket.socket:
        """Return a socket that is connected to the host; `OSError`. `timeout` is for each of its
        addresses; `options` are the socket's."""
        options = tuple(options)
        *others, last = self.addresses(host, port)
        for info in others:
            try:
                return _connected(info, timeout, options)
            except OSError:
                continue
        return _connected(last, timeout, options)

    def fault(self, url: str) -> str | None:
        """Return why the host of a URL cannot be used, and what to do about it; None where it can,
        and where its name is not known yet: each connection asks again."""
        parts = urlsplit(url)
        try:
            self.addresses(parts.hostname or "", parts.port or 443)
        except AddressRefused:
            return (
                f"`{parts.hostname}` is at no public address;"
                " the operator can allow it with OUTBOUND_NETWORKS"
            )
        except OSError:
            return None
        return None


def _connected(
    info: AddressInfo, timeout: float | None, options: Iterable[tuple[int, int, int | bytes]]
) -> socket.socket:
    family, kind, protocol, _, address = info
    connection = socket.socket(family, kind, protocol)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.settimeout(timeout)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection
