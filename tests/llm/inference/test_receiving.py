"""How long an answer is held back before it goes on."""

from collections.abc import Iterator

import pytest

from tollgate_common.relay import RelayAnswer
from tollgate_llm.inference import receiving
from tollgate_llm.inference.protocols import CHAT
from tollgate_llm.inference.receiving import BegunAnswer, received

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
