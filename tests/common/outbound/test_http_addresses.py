"""`requests` connects to the address that was checked: by itself, through a proxy, and where an
answer sends it elsewhere."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.common.outbound.names import (
    INSIDE,
    ONLY_OUTSIDE,
    OUTSIDE,
    Names,
    certified,
    server,
)
from tollgate_common.address_policy import networks_of
from tollgate_common.outbound import Outbound, OutboundAdapter

SECONDS = 5
NO_CONNECTION = requests.ConnectionError


@contextmanager
def session(names: Names) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        adapter = OutboundAdapter(Outbound(networks_of(ONLY_OUTSIDE), names))
        made.mount("http://", adapter)
        made.mount("https://", adapter)
        yield made


@pytest.mark.parametrize("host", ["inside.example", "127.0.0.1", "2130706433", "[::ffff:7f00:1]"])
def test_a_refused_address_is_a_connection_error_and_nothing_is_connected(host: str) -> None:
    names = Names(inside_example=[[INSIDE]])
    with server(INSIDE) as inside, session(names) as client, pytest.raises(NO_CONNECTION):
        client.get(f"http://{host}:{inside.port}/", timeout=SECONDS)
    assert inside.received == []


def test_the_name_stays_in_the_request_and_is_looked_up_once() -> None:
    names = Names(rebinding_example=[[INSIDE, OUTSIDE], [INSIDE]])
    with (
        server(OUTSIDE) as outside,
        server(INSIDE, outside.port) as inside,
        session(names) as client,
    ):
        url = f"http://rebinding.example:{outside.port}/"
        assert client.get(url, timeout=SECONDS).text == "hi"
        with pytest.raises(NO_CONNECTION):
            client.get(url, timeout=SECONDS)
    assert b"Host: rebinding.example:" in outside.received[0]
    assert inside.received == []
    assert len(names.asked) == 2


def test_tls_verifies_the_name(tmp_path: Path) -> None:
    tls, authority = certified(tmp_path, "right.example")
    names = Names(right_example=[[OUTSIDE]], wrong_example=[[OUTSIDE]])
    with server(OUTSIDE, tls=tls) as outside, session(names) as client:
        client.verify = authority
        assert client.get(f"https://right.example:{outside.port}", timeout=SECONDS).text == "hi"
        with pytest.raises(requests.exceptions.SSLError):
            client.get(f"https://wrong.example:{outside.port}", timeout=SECONDS)


def test_each_hop_of_a_redirect_is_checked() -> None:
    with server(INSIDE) as inside:
        away = (
            f"HTTP/1.1 302 Found\r\nLocation: http://inside.example:{inside.port}/secret\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        ).encode()
        names = Names(inside_example=[[INSIDE]], outside_example=[[OUTSIDE]])
        with (
            server(OUTSIDE, answer=away) as outside,
            session(names) as client,
            pytest.raises(NO_CONNECTION),
        ):
            client.get(f"http://outside.example:{outside.port}/", timeout=SECONDS)
    assert len(outside.received) == 1
    assert inside.received == []


class Proxy:
    """A proxy that makes tunnels, on an address that no organisation may name."""

    def __init__(self) -> None:
        self._listener = socket.create_server((INSIDE, 0))
        self.url = f"http://{INSIDE}:{self._listener.getsockname()[1]}"
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(SECONDS)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._tunnel(client)

    def _tunnel(self, client: socket.socket) -> None:
        target = client.recv(65536).split(b" ")[1].decode()
        self.asked.append(target)
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), SECONDS) as server_side:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server_side, client), daemon=True)
            back.start()
            _copy(client, server_side)
            back.join(SECONDS)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


def test_a_proxy_is_asked_for_the_address_that_was_checked(tmp_path: Path, proxy: Proxy) -> None:
    tls, authority = certified(tmp_path, "right.example")
    names = Names(right_example=[[INSIDE, OUTSIDE]])
    with server(OUTSIDE, tls=tls) as outside, session(names) as client:
        client.verify = authority
        client.proxies = {"https": proxy.url}
        assert client.get(f"https://right.example:{outside.port}", timeout=SECONDS).text == "hi"
    assert proxy.asked == [f"{OUTSIDE}:{outside.port}"]


def test_a_proxy_is_asked_for_no_refused_address(proxy: Proxy) -> None:
    names = Names(inside_example=[[INSIDE]])
    with session(names) as client:
        client.proxies = {"https": proxy.url, "http": proxy.url}
        for scheme in ("https", "http"):
            with pytest.raises(NO_CONNECTION):
                client.get(f"{scheme}://inside.example:9/", timeout=SECONDS)
    assert proxy.asked == []
