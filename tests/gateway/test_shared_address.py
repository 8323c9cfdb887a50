"""A proxy that nobody has told the gateway of is noticed by what it makes of its callers."""

import pytest

from tollgate_gateway.management import shared_address
from tollgate_gateway.management.shared_address import REQUESTS_LOOKED_AT, SharedAddress

BRIDGE, LOOPBACK, PUBLIC = "172.18.0.1", "127.0.0.1", "9.9.9.9"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The fields of what is logged, in the place of the log."""
    written: list[dict[str, object]] = []

    class Log:
        def warning(self, event: str, **fields: object) -> None:
            written.append({"event": event} | fields)

    monkeypatch.setattr(shared_address, "log", Log())
    return written


def note(checked: SharedAddress, *addresses: str, forwarded: bool = False) -> None:
    for address in addresses:
        checked.note(address, forwarded)


@pytest.mark.parametrize("address", [BRIDGE, "10.0.0.7", f"::ffff:{BRIDGE}", "fd00::1"])
def test_one_private_address_is_told_once(address: str, warnings: list[dict[str, object]]) -> None:
    checked = SharedAddress(0)
    note(checked, *[address] * (REQUESTS_LOOKED_AT - 1))
    assert warnings == []
    note(checked, *[address] * (2 * REQUESTS_LOOKED_AT))
    (warning,) = warnings
    assert (warning["event"], warning["address"]) == ("callers_share_one_address", address)
    assert "TRUSTED_PROXIES" in str(warning["hint"])


def test_a_proxy_on_the_same_machine_is_known_by_what_it_adds(
    warnings: list[dict[str, object]],
) -> None:
    note(SharedAddress(0), *[LOOPBACK] * REQUESTS_LOOKED_AT)
    assert warnings == []
    note(SharedAddress(0), *[LOOPBACK] * REQUESTS_LOOKED_AT, forwarded=True)
    assert len(warnings) == 1


@pytest.mark.parametrize("other", [PUBLIC, "172.18.0.2", LOOPBACK, "", "unix:"])
def test_callers_with_addresses_of_their_own_are_no_reason(
    other: str, warnings: list[dict[str, object]]
) -> None:
    checked = SharedAddress(0)
    note(checked, BRIDGE, other, *[BRIDGE] * (2 * REQUESTS_LOOKED_AT))
    assert warnings == []


@pytest.mark.parametrize(("address", "proxies"), [(PUBLIC, 0), (BRIDGE, 1)])
def test_neither_is_a_public_address_nor_a_proxy_that_is_trusted(
    address: str, proxies: int, warnings: list[dict[str, object]]
) -> None:
    note(SharedAddress(proxies), *[address] * (2 * REQUESTS_LOOKED_AT))
    assert warnings == []
