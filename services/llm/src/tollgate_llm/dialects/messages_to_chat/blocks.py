"""Blocks of a streamed message: each has a start, deltas, and a stop."""

import json
from collections.abc import Iterator
from typing import ClassVar

from tollgate_llm.dialects.messages_to_chat.thoughts import Thought, signature
from tollgate_llm.dialects.translation import Json


class Block:
    """`given` is the block as it starts. A delta has its type, and its text under a name."""

    delta: ClassVar[tuple[str, str]]

    def __init__(self, index: int, given: Json) -> None:
        self.index = index
        self._given = given

    @property
    def kind(self) -> str:
        return str(self._given["type"])

    @property
    def is_done(self) -> bool:
        """Whether nothing can follow once another block has begun."""
        return True

    def start(self) -> Json:
        return {"type": "content_block_start", "index": self.index, "content_block": self._given}

    def add(self, piece: str) -> Iterator[Json]:
        kind, name = self.delta
        yield self._event({"type": kind, name: piece})

    def stop(self) -> Iterator[Json]:
        yield {"type": "content_block_stop", "index": self.index}

    def _event(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self.index, "delta": delta}


class Text(Block):
    delta = ("text_delta", "text")

    def __init__(self, index: int) -> None:
        super().__init__(index, {"type": "text", "text": ""})


class Thinking(Block):
    """Hidden thinking is all in the signature."""

    delta = ("thinking_delta", "thinking")

    def __init__(self, index: int, field: str, *, hidden: bool) -> None:
        super().__init__(index, {"type": "thinking", "thinking": "", "signature": ""})
        self._field, self._hidden = field, hidden
        self._pieces: list[str] = []

    def add(self, piece: str) -> Iterator[Json]:
        if self._hidden:
            self._pieces.append(piece)
        else:
            yield from super().add(piece)

    def stop(self) -> Iterator[Json]:
        thought = Thought(self._field, "".join(self._pieces))
        signed = signature(thought, hidden=self._hidden)
        yield self._event({"type": "signature_delta", "signature": signed})
        yield from super().stop()


class Redacted(Block):
    """A block that is whole from the start."""


class Call(Block):
    delta = ("input_json_delta", "partial_json")

    def __init__(self, index: int, given: Json) -> None:
        super().__init__(index, given)
        self._pieces: list[str] = []

    @property
    def is_done(self) -> bool:
        """Arguments of calls side by side may come in turns."""
        try:
            json.loads("".join(self._pieces))
        except (ValueError, RecursionError):
            return False
        return True

    def add(self, piece: str) -> Iterator[Json]:
        self._pieces.append(piece)
        yield from super().add(piece)
