"""The relay connects to the address that was checked, for the name that it was given."""

import time
from contextlib import closing
from pathlib import Path

import pytest
from geventhttpclient.connectionpool import SSLConnectionPool

from tests.common.outbound.names import (
    INSIDE,
    ONLY_OUTSIDE,
    OUTSIDE,
    Names,
    certified,
    server,
)
from tollgate_common.address_policy import networks_of
from tollgate_common.outbound import Outbound
from tollgate_common.relay import RelayClient, RelayFailed

REFUSED = "its address is not public, and this installation does not allow it"
CONNECTIONS = 200


def door(names: Names) -> Outbound:
    return Outbound(networks_of(ONLY_OUTSIDE), names)


def send(client: RelayClient) -> bytes:
    return client.send("POST", "/v1/x", b"{}", {}).read()


def test_nothing_is_connected_where_the_address_is_refused() -> None:
    with server(INSIDE) as inside:
        url = f"http://inside.example:{inside.port}"
        names = Names(inside_example=[[INSIDE]])
        with (
            closing(RelayClient(url, outbound=door(names))) as client,
            pytest.raises(RelayFailed) as failed,
        ):
            send(client)
    assert (failed.value.reason, failed.value.sent, failed.value.final) == (REFUSED, False, True)
    assert inside.received == []


def test_each_new_connection_is_checked_anew_and_looked_up_once() -> None:
    with server(OUTSIDE) as outside, server(INSIDE, outside.port) as inside:
        names = Names(rebinding_example=[[OUTSIDE], [INSIDE]])
        url = f"http://rebinding.example:{outside.port}"
        with closing(RelayClient(url, outbound=door(names))) as client:
            assert send(client) == b"hi"
            assert names.asked == ["rebinding.example"]
            with pytest.raises(RelayFailed):
                send(client)
    assert b"Host: rebinding.example:" in outside.received[0]
    assert inside.received == []


def test_tls_verifies_the_name_at_the_checked_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = certified(tmp_path, "right.example")
    monkeypatch.setitem(SSLConnectionPool.default_options, "ca_certs", authority)
    names = Names(right_example=[[INSIDE, OUTSIDE]], wrong_example=[[OUTSIDE]])
    with server(OUTSIDE, tls=tls) as outside:
        right = RelayClient(f"https://right.example:{outside.port}", outbound=door(names))
        wrong = RelayClient(f"https://wrong.example:{outside.port}", outbound=door(names))
        with closing(right), closing(wrong):
            assert send(right) == b"hi"
            with pytest.raises(RelayFailed, match=r"wrong\.example"):
                send(wrong)


def test_a_host_that_can_be_no_name_is_a_failure_like_any_other() -> None:
    for outbound in (None, Outbound()):
        with (
            closing(RelayClient("http://a..b", outbound=outbound)) as client,
            pytest.raises(RelayFailed, match="no name"),
        ):
            send(client)


def test_the_rule_costs_microseconds_and_only_where_a_connection_is_made() -> None:
    names = Names()
    outbound = door(names)
    infos = names(OUTSIDE, 80)
    began = time.perf_counter()
    for _ in range(CONNECTIONS):
        outbound.admit(OUTSIDE, infos)
    assert (time.perf_counter() - began) / CONNECTIONS < 0.001
