"""Which addresses are public unicast ones, and what a network of the operator's adds."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.address_policy import is_allowed, networks_of

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1"]
NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - nothing listens there
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "2001:2::1",
    "2001:10::1",
    "5f00::1",
    "4000::1",
]
INSIDE_6 = {
    "mapped": "::ffff:{}",
    "compatible": "::{}",
    "NAT64": "64:ff9b::{}",
    "NAT64 of one's own": "64:ff9b:1::{}",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize("form", INSIDE_6.values(), ids=INSIDE_6.keys())
@pytest.mark.parametrize("address", [each for each in NOT_PUBLIC if ":" not in each])
def test_ipv6_carries_no_refused_ipv4_address(form: str, address: str) -> None:
    assert not is_allowed(IPv6Address(form.format(address)))


def carried(address: str, shift: int) -> int:
    return int(IPv4Address(address)) << shift


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.1.2.3"])
def test_neither_do_6to4_and_teredo(address: str) -> None:
    assert not is_allowed(IPv6Address(int(IPv6Address("2002::")) | carried(address, 80)))
    everywhere = networks_of("2001::/32, 8.8.8.8/32")
    server = int(IPv6Address("2001::")) | carried("8.8.8.8", 64)
    client = int(IPv4Address(address)) ^ 0xFFFFFFFF
    assert not is_allowed(IPv6Address(server | client), everywhere)
    assert is_allowed(IPv6Address(server | carried("247.247.247.247", 0)), everywhere)


@pytest.mark.parametrize("form", ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"])
def test_a_public_ipv4_address_may_be_carried(form: str) -> None:
    assert is_allowed(IPv6Address(form))


def test_a_nat64_of_ones_own_is_judged_by_what_it_carries_too() -> None:
    allowed = networks_of("64:ff9b:1::/48")
    assert is_allowed(IPv6Address("64:ff9b:1::8.8.8.8"), allowed)
    assert not is_allowed(IPv6Address("64:ff9b:1::10.0.0.1"), allowed)
    # 10.1.2.3 behind prefixes of 48, 56 and 64 bits
    for form in ("64:ff9b:1:a01:2:300::", "64:ff9b:1:a:1:203::", "64:ff9b:1:0:a:102:300:0"):
        assert not is_allowed(IPv6Address(form), allowed), form
    # and 8.8.4.4
    for form in ("64:ff9b:1:808:4:400::", "64:ff9b:1:8:8:404::", "64:ff9b:1:0:8:804:400:0"):
        assert is_allowed(IPv6Address(form), allowed), form


def test_a_network_of_the_operators_is_allowed_in_every_form() -> None:
    private = networks_of("10.0.0.0/8, fc00::/7 ,::1/128")
    for address in ("10.9.8.7", "::ffff:10.9.8.7", "64:ff9b::10.9.8.7", "fd12::1", "::1"):
        assert is_allowed(ip_address(address), private), address
    for address in ("172.16.0.1", "127.0.0.1", "fe80::1", "::"):
        assert not is_allowed(ip_address(address), private), address
    assert networks_of("::ffff:10.0.0.0/104") == (ip_network("10.0.0.0/8"),)
    assert networks_of("") == ()


@pytest.mark.parametrize("written", ["10.0.0.0/33", "10.0.0.1/8", "gpu.internal", "10.0.0.0/8;::1"])
def test_what_is_no_network_is_an_error(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        networks_of(written)


@given(st.ip_addresses(v=4))
def test_pythons_own_opinion_of_ipv4_differs_in_a_few_networks(address: IPv4Address) -> None:
    stricter = networks_of("192.88.99.0/24, 192.0.0.0/24, 168.63.129.16/32, 224.0.0.0/4")
    if any(address in network for network in stricter):
        assert not is_allowed(address)
    else:
        assert is_allowed(address) == address.is_global


@given(st.ip_addresses(v=6))
def test_nothing_of_ipv6_is_allowed_that_python_knows_as_special(address: IPv6Address) -> None:
    if is_allowed(address):
        assert address.is_global
        special = (
            address.is_multicast,
            address.is_link_local,
            address.is_site_local,
            address.is_loopback,
            address.is_unspecified,
            address.is_private,
        )
        assert not any(special)


PRIVATE = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
]
private = st.sampled_from(PRIVATE)


@given(private.flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_private_ipv4_address_is_allowed_in_any_form(address: IPv4Address) -> None:
    number = int(address)
    forms = [f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"]
    assert not is_allowed(address)
    assert not any(is_allowed(IPv6Address(form)) for form in forms)
    assert not is_allowed(IPv6Address(int(IPv6Address("2002::")) | number << 80))
