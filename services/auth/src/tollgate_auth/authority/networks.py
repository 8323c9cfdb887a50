"""Networks as keys name them, in CIDR notation: none named is everywhere.

An IPv4 network that is written as mapped into IPv6 is the IPv4 network.
"""

import ipaddress
from collections.abc import Iterable

from tollgate_common.addresses import Network, plain_network


def is_subset(child: Iterable[str], parent: Iterable[str]) -> bool:
    """Return whether each address of `child` is one of `parent`."""
    upper = _collapsed(parent)
    if not upper:
        return True
    lower = _collapsed(child)
    return bool(lower) and all(any(_holds(wide, each) for wide in upper) for each in lower)


def intersection(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the networks that are in both; None where there is no such address."""
    if not first or not second:
        return first or second
    rights = [plain_network(each) for each in second]
    pairs = [(left, right) for left in map(plain_network, first) for right in rights]
    both = [
        right if _holds(left, right) else left
        for left, right in pairs
        if _holds(left, right) or _holds(right, left)
    ]
    return tuple(dict.fromkeys(map(str, both))) or None


def _collapsed(written: Iterable[str]) -> list[Network]:
    """Neighbours are joined, so that two halves hold what their whole holds."""
    networks = [plain_network(each) for each in written]
    four = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    six = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]


def _holds(wide: Network, narrow: Network) -> bool:
    if isinstance(wide, ipaddress.IPv4Network) and isinstance(narrow, ipaddress.IPv4Network):
        return narrow.subnet_of(wide)
    if isinstance(wide, ipaddress.IPv6Network) and isinstance(narrow, ipaddress.IPv6Network):
        return narrow.subnet_of(wide)
    return False
