"""From names to the addresses that are connected to."""

import socket

import pytest

from tests.common.outbound.names import INSIDE, ONLY_OUTSIDE, OUTSIDE, Names, server
from tollgate_common.address_policy import networks_of
from tollgate_common.outbound import AddressRefused, Outbound

NOWHERE = Outbound()
LOOPBACK = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0",
    "::1",
    "::ffff:127.0.0.1",
    "0:0:0:0:0:ffff:7f00:1",
    "localhost",
    "LOCALHOST",
]


def door(*names: Names) -> Outbound:
    return Outbound(networks_of(ONLY_OUTSIDE), *names)


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused):
        NOWHERE.addresses(host, 80)
    with pytest.raises(AddressRefused):
        NOWHERE.connect(host, 80, 1)


def test_a_dot_at_the_end_changes_nothing() -> None:
    names = Names(**{"localhost.": [[INSIDE]], "gpu.internal.": [["10.0.0.1"]]})
    for host in ("localhost.", "gpu.internal."):
        with pytest.raises(AddressRefused):
            Outbound((), names).addresses(host, 80)


def test_of_several_addresses_those_that_are_allowed_are_used() -> None:
    names = Names(mixed_example=[["10.0.0.1", INSIDE, "169.254.169.254", "8.8.8.8", OUTSIDE]])
    found = door(names).addresses("mixed.example", 443)
    assert [info[4] for info in found] == [("8.8.8.8", 443), (OUTSIDE, 443)]


def test_the_connection_goes_to_the_allowed_one_of_several() -> None:
    with server(OUTSIDE) as outside, server(INSIDE, outside.port) as inside:
        names = Names(mixed_example=[[INSIDE, OUTSIDE]])
        with door(names).connect("mixed.example", outside.port, 2) as connection:
            assert connection.getpeername() == (OUTSIDE, outside.port)
        assert names.asked == ["mixed.example"]
    assert inside.received == []


def test_an_address_that_takes_no_connection_is_passed_over() -> None:
    with server(OUTSIDE) as outside:
        names = Names(several_example=[["127.0.0.3", OUTSIDE]])
        allowed = Outbound(networks_of(f"127.0.0.3/32,{ONLY_OUTSIDE}"), names)
        with allowed.connect("several.example", outside.port, 2) as connection:
            assert connection.getpeername()[0] == OUTSIDE


def test_a_resolver_that_answers_twice_differently_gains_nothing() -> None:
    with server(OUTSIDE) as outside, server(INSIDE, outside.port) as inside:
        names = Names(rebinding_example=[[OUTSIDE], [INSIDE]])
        outbound = door(names)
        assert outbound.fault("http://rebinding.example") is None
        with pytest.raises(AddressRefused):
            outbound.connect("rebinding.example", outside.port, 2)
    assert inside.received == []


def test_a_fault_says_what_to_do_and_shows_no_address() -> None:
    names = Names(gpu_internal=[["10.7.6.5"]])
    fault = Outbound((), names).fault("http://gpu.internal:11434/v1")
    assert fault == (
        "`gpu.internal` is at no public address; the operator can allow it with OUTBOUND_NETWORKS"
    )
    assert Outbound(networks_of("10.0.0.0/8"), names).fault("http://gpu.internal:11434") is None


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a..b", "x" * 64 + ".example", "a\x00b"])
def test_a_name_that_nobody_knows_is_no_fault_and_no_address(host: str) -> None:
    assert NOWHERE.fault(f"https://{host}/v1") is None
    with pytest.raises(socket.gaierror):
        NOWHERE.addresses(host, 443)


def test_an_allowed_scope_keeps_its_place() -> None:
    info = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", 80, 0, 1))
    assert Outbound(networks_of("fe80::/10")).admit("host", [info]) == [info]
    with pytest.raises(AddressRefused):
        NOWHERE.admit("host", [info])
