"""The rule for outbound addresses in `requests`, and in whatever else is built on urllib3.

A proxy that the environment names is the operator's, and connected to as it is. It is asked for
the address that was checked, not for the name, which it would resolve once more. What is not
encrypted goes through no proxy: there is no tunnel that could end at an address.
"""

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tollgate_common.outbound.resolution import Outbound


class OutboundAdapter(HTTPAdapter):
    """Connects to addresses only that may be connected to; else it is a
    `requests.ConnectionError`."""

    def __init__(self, outbound: Outbound, **more: Any) -> None:
        self._classes = pool_classes(outbound)
        super().__init__(**more)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = self._classes
        return manager

    def send(self, request: PreparedRequest, *arguments: Any, **more: Any) -> Response:
        if urlsplit(request.url or "").scheme == "http":
            more["proxies"] = None
        return super().send(request, *arguments, **more)


def pool_classes(outbound: Outbound) -> dict[str, type[HTTPConnectionPool]]:
    """Return the classes of connection pools by scheme, for urllib3's pool managers."""

    class Plain(_Checked):
        door = outbound

    class Encrypted(_CheckedTls):
        door = outbound

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


class _Checked(HTTPConnection):
    door: Outbound

    def _new_conn(self) -> socket.socket:
        if self.proxy is not None:
            return super()._new_conn()
        # With a dot at its end, where it has one: it changes what a resolver looks for.
        host: str = self._dns_host.strip("[]")
        try:
            return self.door.connect(host, self.port, self.timeout, self.socket_options or ())
        except TimeoutError:
            raise ConnectTimeoutError(self, "timed out") from None
        except OSError as error:
            raise NewConnectionError(self, str(error)) from None


class _CheckedTls(_Checked, HTTPSConnection):
    def set_tunnel(
        self,
        host: str,
        port: int | None = None,
        headers: Mapping[str, str] | None = None,
        scheme: str = "http",
    ) -> None:
        """Through a proxy, to the address that was checked; TLS is verified for the name."""
        info, *_ = self.door.addresses(host.strip("[]"), port or 443)
        self.server_hostname = self.server_hostname or host.strip("[]").rstrip(".")
        super().set_tunnel(str(info[4][0]), port, headers, scheme)
