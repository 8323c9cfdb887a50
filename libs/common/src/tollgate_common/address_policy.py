"""Which addresses may be connected to: public unicast ones, and those of networks that the operator
allows. After IANA's registries of special-purpose addresses (RFC 6890 and its updates).

Python's `is_global` is not asked: what it says has changed from one patch release to the next.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOCAL_NETWORKS = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7"
"""Loopback and private networks: what a stack on somebody's own machine allows."""

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host: connecting to 0.0.0.0 reaches loopback
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider's customers (CGNAT)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, but each Azure machine's own platform
        "169.254.0.0/16",  # link-local, where clouds answer with credentials
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols' own
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Everything else of IPv6 (loopback, unique-local, link-local, multicast, reserved) is outside.
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols' own: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY = IPv6Network("64:ff9b:1::/48")
_MAPPED = IPv6Network("::ffff:0:0/96")
_BITS_32 = 0xFFFFFFFF


def is_allowed(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Return whether the address may be connected to. An IPv6 address that carries an IPv4 address
    is judged by that one as well: where it is translated, that is where a connection ends."""
    allowed = tuple(networks)
    return all(
        _is_public(each) or any(each in network for network in allowed)
        for each in _ends_of(address)
    )


def networks_of(written: str) -> tuple[Network, ...]:
    """Return the networks of a comma-separated list in CIDR notation; `ValueError`. One that is
    mapped into IPv6 is the IPv4 network."""
    parts = (part.strip() for part in written.split(","))
    return tuple(_unmapped(ip_network(part)) for part in parts if part)


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        address = int(network.network_address) & _BITS_32
        return IPv4Network((address, network.prefixlen - _MAPPED.prefixlen))
    return network


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _TRANSLATED:
        return True
    return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _ends_of(address: Address) -> Iterator[Address]:
    """Yield the address, and those that a connection to it may end at."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped  # the system itself connects by IPv4
    else:
        number = int(address)
        yield IPv6Address(number)  # without its scope
        yield from map(IPv4Address, _embedded(address, number))


def _embedded(address: IPv6Address, number: int) -> Iterator[int]:
    if (address in _COMPATIBLE and number > 1) or address in _TRANSLATED:
        yield number & _BITS_32
    elif address in _TRANSLATED_LOCALLY:
        yield from filter(None, _translated_locally(number))
    elif address.sixtofour is not None:
        yield int(address.sixtofour)
    elif address.teredo is not None:
        yield from map(int, address.teredo)


def _translated_locally(number: int) -> Iterator[int]:
    """Yield what the prefixes of RFC 6052 would make of it: nobody says which of them is in use.
    Below the IPv4 address, all bits are zero; bits 64 to 71 are left out."""
    yield number & _BITS_32
    if not number & 0xFFFFFF:
        yield number >> 24 & _BITS_32  # a prefix of 64 bits
    if not number & _BITS_32:
        yield (number >> 64 & 0xFF) << 24 | number >> 32 & 0xFFFFFF  # of 56
    if not number & 0xFFFFFFFFFF:
        yield (number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF  # of 48
