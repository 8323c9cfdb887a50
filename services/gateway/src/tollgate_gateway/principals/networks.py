"""Where a key may be used from."""

from functools import lru_cache

from tollgate_common.addresses import plain_address, plain_network
from tollgate_common.errors import Forbidden
from tollgate_common.principal import Principal


class SourceNotAllowed(Forbidden):
    code = "source_not_allowed"
    audited_as = "key.source_refused"

    def __init__(self, address: str | None) -> None:
        super().__init__(f"This key may not be used from {address or 'an unknown address'}.")


def check_source(principal: Principal, address: str | None) -> None:
    """`SourceNotAllowed` when the principal names networks, and the address is in none."""
    if principal.networks and not _within(principal.networks, address or ""):
        raise SourceNotAllowed(address)


@lru_cache(maxsize=10_000)
def _within(networks: tuple[str, ...], address: str) -> bool:
    try:
        plain = plain_address(address)
    except ValueError:
        return False
    return any(plain in plain_network(network) for network in networks)
