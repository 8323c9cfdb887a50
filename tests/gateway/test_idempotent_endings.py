"""How an answer ends, and whether its Idempotency-Key is then kept or free."""

from collections.abc import Iterator

import pytest

from tests.gateway.answering import (
    DELTA,
    DONE,
    ERROR,
    SAID,
    STREAM,
    Stand,
    answering,
    body_of,
    whole,
)
from tollgate_common.responses import PassedResponse
from tollgate_gateway.idempotency.endings import ending


def test_a_caller_that_hangs_up_before_the_end_frees_the_key(stand: Stand) -> None:
    stand.answer = answering(DELTA, DONE, headers=[STREAM])
    left = stand.begin()
    assert next(iter(body_of(left))) == DELTA
    body_of(left).close()
    assert stand.ask()[1] == DELTA + DONE
    assert stand.ran == 2


@pytest.mark.parametrize(
    ("parts", "headers"),
    [([SAID], [("content-length", str(len(SAID)))]), ([DELTA, DONE, b": bye\n\n"], [STREAM]),
     ([DELTA, DONE[:5], DONE[5:], b""], [STREAM])],
    ids=["whole", "stream", "end in pieces"],
)  # fmt: skip
def test_a_caller_that_hangs_up_with_all_of_it_has_been_answered(
    stand: Stand, parts: list[bytes], headers: list[tuple[str, str]]
) -> None:
    """It is in the books, and whoever asks again then gets it."""
    stand.answer = answering(*parts, headers=headers)
    left = stand.begin()
    for _ in zip(parts[:-1] or parts, body_of(left), strict=False):
        pass
    body_of(left).close()
    assert stand.ask()[2]["idempotent-replayed"] == "true"
    assert stand.ran == 1


def test_a_stream_that_ends_in_an_error_frees_the_key(stand: Stand) -> None:
    stand.answer = answering(DELTA, ERROR, headers=[STREAM])
    assert stand.ask()[1] == DELTA + ERROR
    stand.answer = whole
    assert stand.ask()[1] == SAID


def test_an_answer_that_breaks_off_frees_the_key(stand: Stand) -> None:
    def broken() -> Iterator[bytes]:
        yield SAID
        raise ConnectionResetError

    stand.answer = lambda: PassedResponse(broken(), 200, [])
    with pytest.raises(ConnectionResetError):
        stand.ask()
    stand.answer = whole
    assert stand.ask()[1] == SAID


@pytest.mark.parametrize(
    ("stream", "expected"),
    [(DELTA, "open"), (DELTA + DONE, "whole"), (DELTA + DONE[:-1], "open"), (ERROR, "failed"),
     (b'event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n', "whole"),
     (b'event: error\ndata: {"type":"error","error":{}}\n\n', "failed"),
     (b'data: {"type":"response.completed"}\n\n', "whole"),
     (b'data: {"type":"response.failed"}\n\n', "failed"),
     (b'data: {"type":"image_generation.completed"}\n\n', "open"),
     (b'data: {"choices":[],"error":null}\n\n', "open"),
     (b"data: [1]\n\n", "open"), (b"data: x\n\n", "open"), (b"", "open"), (b": ping\n\n", "open")],
)  # fmt: skip
def test_how_a_stream_has_ended(stream: bytes, expected: str) -> None:
    assert ending(stream) == expected


TOLD, FREE = b": tollgate-cost-usd 0.000450000\n\n", b": tollgate-cost-usd 0.000000000\n\n"
ASKING = {"x-tollgate-stream-cost": "comment"}


@pytest.mark.parametrize(
    "parts",
    [[DELTA, DONE, TOLD], [DELTA, DONE + TOLD], [DELTA, DONE, TOLD[:9], TOLD[9:]],
     [DELTA, DONE[:5], DONE[5:] + TOLD[:20], TOLD[20:]]],
    ids=["apart", "in one piece", "in pieces", "across"],
)  # fmt: skip
def test_a_replay_costs_nothing_and_says_so_only_when_it_is_asked(
    stand: Stand, parts: list[bytes]
) -> None:
    stand.answer = answering(*parts, headers=[STREAM])
    assert stand.ask(headers=ASKING)[1] == DELTA + DONE + TOLD
    assert stand.ask(headers=ASKING)[1] == DELTA + DONE + FREE
    assert stand.ask()[1] == DELTA + DONE
    assert stand.ran == 1


def test_a_replay_of_a_stream_that_told_nothing_tells_it_when_it_is_asked(stand: Stand) -> None:
    length = ("content-length", str(len(DELTA + DONE)))
    stand.answer = answering(DELTA, DONE, headers=[STREAM, length])
    assert stand.ask()[1] == DELTA + DONE
    status, body, headers = stand.ask(headers=ASKING)
    assert (status, body) == (200, DELTA + DONE + FREE)
    assert "content-length" not in headers
    assert stand.ask()[2]["content-length"] == length[1]


@pytest.mark.parametrize("parts", [[DELTA, ERROR, TOLD], [DELTA, ERROR + TOLD]])
def test_a_failed_stream_frees_the_key_though_it_tells_its_cost(
    stand: Stand, parts: list[bytes]
) -> None:
    stand.answer = answering(*parts, headers=[STREAM])
    assert stand.ask(headers=ASKING)[1] == DELTA + ERROR + TOLD
    stand.answer = whole
    assert stand.ask(headers=ASKING)[1] == SAID
    assert stand.ask(headers=ASKING)[1] == SAID  # no stream, and so no comment
    assert stand.ran == 2


def test_what_a_provider_says_in_such_words_is_kept_unless_it_is_ours(stand: Stand) -> None:
    stand.answer = answering(DELTA, DONE + TOLD, headers=[STREAM])
    assert stand.ask()[1] == stand.ask()[1] == DELTA + DONE + TOLD
