"""The one door outwards: addresses that an organisation names are resolved, checked, and connected
to as they were checked.

A name is resolved once for each new connection, and the connection goes to one of the very
addresses that were judged, so that a resolver which answers twice differently gains nothing. TLS
goes on verifying the name, and `Host` stays the name. Pooled connections cost nothing more.

`address_policy` knows nothing of sockets, and `resolution` nothing of any HTTP client. A client
takes part through its own hook for making connections:

- the relay: `RelayClient(base_url, outbound=...)`;
- `requests`: `session.mount("https://", OutboundAdapter(outbound))`, which holds each redirect to
  the same rule; clients that are built on urllib3 take `pool_classes(outbound)` for the
  `pool_classes_by_scheme` of their pool manager (botocore's HTTP session has one);
- a protocol that takes an open socket (SMTP, SFTP): `outbound.connect(host, port, timeout)`;
- asyncio: `outbound.admit(host, await loop.getaddrinfo(host, port))`, then a connection to one of
  the addresses that it returns, with `server_hostname=host`.

Where somebody names an address, `outbound.fault(url)` says why it cannot be used, for a 422 on
the field. Addresses that the environment names (our own services, the sandbox, `*_BASE_URL`) are
the operator's and go through no door.
"""

from tollgate_common.address_policy import is_allowed, networks_of
from tollgate_common.outbound.http import OutboundAdapter, pool_classes
from tollgate_common.outbound.resolution import AddressRefused, Outbound

__all__ = [
    "AddressRefused",
    "Outbound",
    "OutboundAdapter",
    "is_allowed",
    "networks_of",
    "pool_classes",
]
