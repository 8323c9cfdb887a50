"""The content blocks of a streamed message, numbered as they begin.

One block is open at a time, as from Anthropic itself. Only what is not whole when the next begins
stays open beside it: a call that lacks some of its arguments, a thought that lacks its signature.
"""

from collections.abc import Callable, Iterator

from tollgate_llm.dialects.messages_to_chat.blocks import Block
from tollgate_llm.dialects.translation import Json


class Thinking(Block):
    """Its `signature` is known once its item has ended."""

    delta = ("thinking_delta", "thinking")

    def __init__(self, index: int) -> None:
        super().__init__(index, {"type": "thinking", "thinking": "", "signature": ""})
        self.signature = ""

    @property
    def is_done(self) -> bool:
        return bool(self.signature)

    def stop(self) -> Iterator[Json]:
        yield self._event({"type": "signature_delta", "signature": self.signature})
        yield from super().stop()


class Blocks:
    """The blocks of one message. Every step yields its events."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[Block] = []

    def is_open(self, block: Block | None) -> bool:
        return block in self._open

    def begin(self, make: Callable[[int], Block]) -> tuple[Block, list[Json]]:
        """Return the block that is made for the next number, and the events of its beginning."""
        stops = [event for each in self._open if each.is_done for event in each.stop()]
        self._open = [each for each in self._open if not each.is_done]
        block = make(self._count)
        self._open.append(block)
        self._count += 1
        return block, [*stops, block.start()]

    def stop(self, block: Block | None) -> Iterator[Json]:
        if block in self._open:
            self._open.remove(block)
            yield from block.stop()
