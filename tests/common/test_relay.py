"""The relay against a server that answers byte by byte as it is told to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from tollgate_common.relay import RelayClient, RelayFailed

Script = Callable[[socket.socket], None]
HEADERS = {"content-type": "application/json", "x-caller": "me"}


@contextmanager
def server(script: Script) -> Iterator[tuple[str, list[bytes]]]:
    """Serves connections with `script`; yields the base URL and what arrived."""
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                received.append(connection.recv(65536))
                script(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def whole(body: bytes, extra: bytes = b"") -> Script:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%sX-One: 1\r\n\r\n" % (len(body), extra)
    return lambda connection: connection.sendall(head + body)


def test_the_request_arrives_as_it_was_sent() -> None:
    with server(whole(b"hi")) as (url, received), closing(RelayClient(url + "/base")) as relay:
        answer = relay.send("POST", "/v1/x?beta=true", b'{"a": 1}', HEADERS)
        assert answer.read() == b"hi"
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /base/v1/x?beta=true HTTP/1.1\r\n")
    assert b"x-caller: me" in head
    assert body == b'{"a": 1}'


def test_the_answers_headers_come_through_with_their_repeats() -> None:
    with (
        server(whole(b"", b"Via: a\r\nVia: b\r\n")) as (url, _),
        closing(RelayClient(url)) as relay,
    ):
        answer = relay.send("GET", "/", b"", {})
        assert answer.status == 200
        assert [value for name, value in answer.headers if name.lower() == "via"] == ["a", "b"]
        assert answer.header("x-one") == "1"
        answer.close()


def test_chunks_pass_when_they_arrive() -> None:
    more = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        more.wait(5)
        connection.sendall(b"3\r\ntwo\r\n0\r\n\r\n")

    with server(script) as (url, _), closing(RelayClient(url)) as relay:
        chunks = iter(relay.send("GET", "/", b"", {}))
        assert next(chunks) == b"one"
        more.set()
        assert b"".join(chunks) == b"two"


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
    ],
)
def test_half_an_answer_is_a_failure_and_what_came_is_delivered(sent: bytes) -> None:
    with (
        server(lambda connection: connection.sendall(sent)) as (url, _),
        closing(RelayClient(url)) as relay,
    ):
        chunks = iter(relay.send("GET", "/", b"", {}))
        assert next(chunks) in (b"half", b"one")
        with pytest.raises(RelayFailed) as failure:
            next(chunks)
        assert failure.value.sent


@pytest.mark.parametrize("sent", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: 1"])
def test_no_answer_is_a_failure_after_sending_and_is_not_tried_again(sent: bytes) -> None:
    with (
        server(lambda connection: connection.sendall(sent)) as (url, received),
        closing(RelayClient(url)) as relay,
    ):
        with pytest.raises(RelayFailed) as failure:
            relay.send("POST", "/", b"{}", {})
        assert failure.value.sent
        assert len(received) == 1


def test_a_refused_connection_is_a_failure_before_sending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(RelayFailed) as failure:
        RelayClient(f"http://127.0.0.1:{port}").send("POST", "/", b"{}", {})
    assert not failure.value.sent


def test_a_silent_server_times_out() -> None:
    with (
        server(lambda _: time.sleep(1)) as (url, _),
        closing(RelayClient(url, read_timeout=0.1)) as relay,
        pytest.raises(RelayFailed, match="timed out"),
    ):
        relay.send("POST", "/", b"{}", {})


def test_closing_an_unfinished_answer_closes_the_connection() -> None:
    gone = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.settimeout(5)
        if connection.recv(1) == b"":
            gone.set()

    with server(script) as (url, _), closing(RelayClient(url)) as relay:
        relay.send("GET", "/", b"", {}).close()
        assert gone.wait(5)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "x"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        RelayClient(url)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def test_a_connection_serves_one_request_after_the_other() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(OK)
        assert connection.recv(65536)
        connection.sendall(OK)

    with server(script) as (url, received), closing(RelayClient(url)) as relay:
        assert relay.send("POST", "/", b"1", {}).read() == b"hi"
        assert relay.send("POST", "/", b"2", {}).read() == b"hi"
    assert len(received) == 1


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n\r\nhi",
        OK,
    ],
)
def test_a_connection_that_ends_is_not_used_again(last: bytes) -> None:
    with server(lambda it: it.sendall(last)) as (url, received), closing(RelayClient(url)) as relay:
        for _ in range(3):
            assert relay.send("POST", "/", b"", {}).read() == b"hi"
            time.sleep(0.05)
    assert len(received) == 3


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\n", b"x"])
def test_more_than_an_answer_is_nobody_elses(surplus: bytes) -> None:
    with (
        server(lambda it: it.sendall(OK + surplus)) as (url, received),
        closing(RelayClient(url)) as relay,
    ):
        for _ in range(2):
            with pytest.raises(RelayFailed):
                relay.send("POST", "/", b"", {}).read()
    assert len(received) == 2


def test_what_comes_before_the_answer_is_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
    with server(lambda it: it.sendall(early + OK)) as (url, _), closing(RelayClient(url)) as relay:
        answer = relay.send("POST", "/", b"", {})
        assert (answer.status, answer.header("x-early"), answer.read()) == (200, None, b"hi")


def test_an_answer_in_pieces_is_one() -> None:
    text = b"HTTP/1.1 201 Created\r\nX-Long: a b\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n\r\n"
    text += b"2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n"

    def script(connection: socket.socket) -> None:
        for number in range(len(text)):
            connection.sendall(text[number : number + 1])
            time.sleep(0.001)

    with server(script) as (url, _), closing(RelayClient(url)) as relay:
        answer = relay.send("POST", "/", b"", {})
        assert answer.headers == [
            ("X-Long", "a b"), ("X-Empty", ""), ("Transfer-Encoding", "chunked"),
        ]  # fmt: skip
        assert (answer.status, answer.read()) == (201, b"hi")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"x-a": "1\r\nx-b: 2"}),
        ("/", {"x-a": "1\n"}),
        ("/", {"x-a\r\nx-b": "2"}),
        ("/", {"x-a": "\x00"}),
        ("/ HTTP/1.1\r\nx: y", {}),
        ("/a b", {}),
    ],
)
def test_nothing_is_smuggled_into_the_head(path: str, headers: dict[str, str]) -> None:
    with (
        server(lambda it: it.sendall(OK)) as (url, received),
        closing(RelayClient(url)) as relay,
        pytest.raises(ValueError, match="control characters"),
    ):
        relay.send("POST", path, b"", headers)
    assert received == []
