"""Addresses and networks as they count: IPv4 that is written as mapped into IPv6 is IPv4.

A socket that listens on `::` reports an IPv4 caller as `::ffff:192.0.2.1`. Compared as it stands,
such an address is in no IPv4 network, and all of IPv4 is one IPv6 site.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_MAPPED_BITS = 96
_IPV4_MASK = 2**32 - 1


def plain_address(written: str) -> Address:
    """Return the address, unmapped; `ValueError` where it is none."""
    address = ipaddress.ip_address(written)
    return getattr(address, "ipv4_mapped", None) or address


def plain_network(written: str) -> Network:
    """Return the network in CIDR notation, unmapped, its host bits cleared; `ValueError` where it
    is none."""
    network = ipaddress.ip_network(written, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        address = int(network.network_address) & _IPV4_MASK
        return ipaddress.IPv4Network((address, network.prefixlen - _MAPPED_BITS))
    return network
