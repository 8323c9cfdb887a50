"""Addresses that came over IPv6 are the IPv4 addresses that they are."""

import pytest

from tollgate_common.addresses import plain_address, plain_network


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::1", "::1"),
    ],
)
def test_an_address_is_unmapped(written: str, plain: str) -> None:
    assert str(plain_address(written)) == plain


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::/0", "::/0"),
        ("2001:db8::1/64", "2001:db8::/64"),
    ],
)
def test_a_network_is_unmapped(written: str, plain: str) -> None:
    assert str(plain_network(written)) == plain


@pytest.mark.parametrize("written", ["", "unknown", "192.0.2.1:80", "10.0.0.0/8"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        plain_address(written)
