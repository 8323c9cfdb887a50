"""Callers who hang up while nothing flows: the provider is hung up on soon, the books are right."""

import http.client
import socket
import threading
from urllib.parse import urlsplit

import pytest

from tests.llm.inference.test_relay import CHAT, DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.ids import new_id, new_uuid
from tollgate_common.tickets import (
    Attribution,
    Bound,
    Reservation,
    ReservedLine,
    TicketBook,
    bucket,
)
from tollgate_common.tickets.counts import LimitCounts

ASKED = b'{"model":"here","messages":[{"role":"user","content":"12345678"}]}'
STREAMED = ASKED[:-1] + b',"stream":true}'
SOON = 3.0


def sent(stand: Stand, org: str, ticket: str, body: bytes) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(stand.url).netloc, timeout=15)
    connection.request("POST", CHAT, body, stand.headers(org, ticket, mode="live"))
    return connection


@pytest.mark.parametrize("body", [ASKED, STREAMED], ids=["whole", "streamed"])
def test_before_the_first_byte(stand: Stand, org: str, provider: Provider, body: bytes) -> None:
    ticket = stand.ticket(org, CHAT)
    connection = sent(stand, org, ticket, body)
    eventually(lambda: provider.received)
    connection.close()
    assert provider.left.wait(SOON)
    eventually(lambda: stand.outcomes(org, ticket))
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["error"]) == ("client_closed", "client_closed")
    assert (outcome["http_status"], outcome["attempts"]) == (None, 1)
    assert outcome["estimated"]
    assert outcome["input_tokens"] > 0
    assert len(provider.received) == 1


def test_in_the_middle_of_a_whole_answer(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n", b'{"id":']
    ticket = stand.ticket(org, CHAT)
    connection = sent(stand, org, ticket, ASKED)
    eventually(lambda: provider.received)
    connection.close()
    assert provider.left.wait(SOON)
    eventually(lambda: stand.outcomes(org, ticket))
    assert stand.outcome(org, ticket)["status"] == "client_closed"


def test_in_the_middle_of_a_stream(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.streams(), provider.chunk(HI)]
    ticket, answer, connection = send(stand, org, STREAMED)
    assert answer.read(len(HI)) == HI
    answer.close()
    connection.close()
    assert provider.left.wait(SOON)
    eventually(lambda: stand.outcomes(org, ticket))
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["http_status"]) == ("client_closed", 200)
    assert outcome["estimated"]
    assert outcome["output_tokens"] >= 2


def test_between_two_attempts(stand: Stand, org: str, provider: Provider) -> None:
    busy = provider.answers(b"{}", "retry-after: 1", status="503 Busy")
    provider.script = [busy]
    ticket = stand.ticket(org, CHAT)
    connection = sent(stand, org, ticket, ASKED)
    eventually(lambda: provider.received)
    connection.close()
    eventually(lambda: stand.outcomes(org, ticket))
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"]) == ("client_closed", 0)
    assert len(provider.received) == 1


def test_a_request_behind_this_one_is_no_hang_up(
    stand: Stand, org: str, provider: Provider
) -> None:
    """Pipelined: its bytes wait where a hang-up would show."""
    go_on = threading.Event()
    provider.script = [go_on, provider.streams(), provider.chunk(HI + USAGE + DONE), b"0\r\n\r\n"]
    tickets = [stand.ticket(org, CHAT), stand.ticket(org, CHAT)]
    address = urlsplit(stand.url)
    with socket.create_connection((address.hostname, address.port), 15) as connection:
        for ticket in tickets:
            head = [f"POST {CHAT} HTTP/1.1", f"host: {address.netloc}",
                    f"content-length: {len(STREAMED)}"]  # fmt: skip
            given = stand.headers(org, ticket, mode="live")
            head += [f"{name}: {value}" for name, value in given.items()]
            connection.sendall("\r\n".join([*head, "", ""]).encode() + STREAMED)
        eventually(lambda: provider.received)
        assert not provider.left.wait(SOON / 2)
        go_on.set()
        received = b""
        while received.count(b"\r\n0\r\n\r\n") < 2:
            received += connection.recv(65536)
    assert received.count(HI.strip()) == 2
    assert [stand.outcome(org, ticket)["status"] for ticket in tickets] == ["ok", "ok"]


def test_a_hard_limit_counts_what_was_reserved(stand: Stand, org: str, provider: Provider) -> None:
    """Nobody knows what the provider had made by then."""
    counter = f"limit:{bucket(org)}:lim:live:total"
    tokens = Reservation(
        limit="lim", counter=counter, kind="window", metric="tokens", max=9000, amount=5000,
        enforce=True,
    )  # fmt: skip
    opened = Attribution(
        id=new_uuid(), request_id=new_id("req"), org=org, mode="live", endpoint=CHAT,
        dialect="openai", model="here", stream=False, opened_at=timestamp(),
    )  # fmt: skip
    TicketBook(stand.redis, "gateway").open(opened, [tokens], Bound(tokens=5000))
    connection = sent(stand, org, opened.id, ASKED)
    eventually(lambda: provider.received)
    connection.close()
    eventually(lambda: stand.outcomes(org, opened.id))
    outcome = stand.outcome(org, opened.id)
    assert outcome["input_tokens"] + outcome["output_tokens"] == 5000
    [count] = LimitCounts(stand.redis).of([tokens])
    assert (count.used, count.reserved) == (5000, 0)


def test_the_answer_is_booked_at_its_cap_and_at_the_price_of_the_route(
    stand: Stand, org: str, provider: Provider
) -> None:
    """What was reserved had the highest price of any route and any size."""
    opened = Attribution(
        id=new_uuid(), request_id=new_id("req"), org=org, mode="live", endpoint=CHAT,
        dialect="openai", model="here", stream=False, opened_at=timestamp(),
    )  # fmt: skip
    lines = (ReservedLine("input", 94, "0.000006"), ReservedLine("output", 100_000, "0.0000225"))
    bound = Bound(tokens=100_094, cost_nanos=2_250_564_000, lines=lines)
    TicketBook(stand.redis, "gateway").open(opened, [], bound)
    connection = sent(stand, org, opened.id, ASKED)
    eventually(lambda: provider.received)
    connection.close()
    eventually(lambda: stand.outcomes(org, opened.id))
    outcome = stand.outcome(org, opened.id)
    assert outcome["output_tokens"] == 100_000
    assert [(line["kind"], line["unit_price_usd"]) for line in outcome["lines"]] == [
        ("input", "0.000003"),
        ("output", "0.000015"),
    ]
    assert outcome["cost_nanos"] == outcome["input_tokens"] * 3000 + 1_500_000_000
