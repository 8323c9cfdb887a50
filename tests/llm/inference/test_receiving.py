"""How long an answer is held back before it goes on."""

from collections.abc import Iterator

import pytest

from tollgate_common.relay import RelayAnswer, RelayFailed
from tollgate_llm.inference import receiving
from tollgate_llm.inference.protocols import CHAT
from tollgate_llm.inference.receiving import BegunAnswer, WholeAnswer, received

COMMENT = b": waiting\n\n"
HI = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'


class Arriving(RelayAnswer):
    """An answer that has come in these pieces, each as it is asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.status = 200
        self.headers = [("content-type", "text/event-stream")]
        self.left = list(pieces)
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            yield self.left.pop(0)

    def close(self) -> None:
        self.closed = True


def test_comments_are_held_back_until_something_is_said() -> None:
    answer = Arriving(COMMENT, COMMENT, HI, b"later")
    taken = received(CHAT, answer)
    assert isinstance(taken, BegunAnswer)
    assert answer.left == [b"later"]
    assert list(taken) == [COMMENT + COMMENT + HI, b"later"]


def test_comments_are_not_held_back_for_longer_than_a_caller_can_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "HOLD_SECONDS", -1.0)
    answer = Arriving(COMMENT, COMMENT, HI)
    taken = received(CHAT, answer)
    assert isinstance(taken, BegunAnswer)
    assert answer.left == [COMMENT, HI]
    assert b"".join(taken) == COMMENT + COMMENT + HI


def test_no_more_is_held_back_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "HOLD_BYTES", 15)
    answer = Arriving(COMMENT, COMMENT, COMMENT, HI)
    taken = received(CHAT, answer)
    assert isinstance(taken, BegunAnswer)
    assert answer.left == [COMMENT, HI]
    taken.close()
    assert answer.closed


class Breaking(Arriving):
    """An answer of plain text that breaks off after its pieces."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.headers = [("content-type", "text/plain")]

    def __iter__(self) -> Iterator[bytes]:
        yield from super().__iter__()
        raise RelayFailed("reset", sent=True)


@pytest.mark.parametrize("pieces", [(), (b"\n",), (b'{"choices":',)])
def test_an_answer_that_is_no_stream_and_breaks_off_is_delivered_as_broken(
    pieces: tuple[bytes, ...],
) -> None:
    """The provider has answered 200, so that it may charge for it: it is booked, not repeated."""
    taken = received(CHAT, Breaking(*pieces))
    assert isinstance(taken, WholeAnswer)
    assert taken.broken is not None


def test_blank_lines_before_a_body_say_nothing_of_its_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = Breaking(b"\n", b"\n\n", HI, b"later")
    assert isinstance(received(CHAT, answer), BegunAnswer)
    monkeypatch.setattr(receiving, "HOLD_BYTES", 2)
    answer = Breaking(b"\n", b"\n\n", HI)
    assert isinstance(received(CHAT, answer), WholeAnswer)


class Unlabelled(Arriving):
    """A stream of events that does not say that it is one."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.headers = [("content-type", "application/octet-stream")]


@pytest.mark.parametrize("body", [b":", b": colon first", b"data:", b"id: 7\n\n", b"data", b"da"])
def test_a_body_that_only_begins_like_a_stream_is_a_whole_answer(body: bytes) -> None:
    taken = received(CHAT, Unlabelled(body))
    assert isinstance(taken, WholeAnswer)
    assert list(taken) == [body]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("beginning", [b"", b"\xef\xbb\xbf", b"\n", b"event: x\n", COMMENT])
def test_a_stream_is_known_whatever_pieces_it_comes_in(beginning: bytes, size: int) -> None:
    body = beginning + HI
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    taken = received(CHAT, Unlabelled(*pieces))
    assert isinstance(taken, BegunAnswer)
    assert b"".join(taken) == body
