"""Deltas → the events of content blocks, numbered as they begin.

One block is open at a time, as from Anthropic itself. Only a call whose arguments are not whole
stays open beside the next, for the rest to find it.
"""

from collections.abc import Iterable, Iterator

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.call_pieces import CallPieces, Piece
from tollgate_llm.dialects.completions import spoken
from tollgate_llm.dialects.messages_to_chat.blocks import Block, Call, Redacted, Text, Thinking
from tollgate_llm.dialects.messages_to_chat.calls import call_block
from tollgate_llm.dialects.messages_to_chat.names import original_names
from tollgate_llm.dialects.messages_to_chat.signed import signed_block
from tollgate_llm.dialects.messages_to_chat.thoughts import Thought, is_hidden, thought_in
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.translation import Json


class ContentStream:
    def __init__(self, message_id: str, asked: Json) -> None:
        self._message_id = message_id
        self._names = original_names(asked)
        self._hides_thinking = is_hidden(asked)
        self._begun = 0
        self._open: list[Block] = []
        self._pieces = CallPieces()
        self._signed = Signed()
        self._calls: dict[int, Call] = {}

    @property
    def called(self) -> bool:
        return self._pieces.count > 0

    def feed(self, delta: Json) -> Iterator[Json]:
        said = spoken(delta)
        self._signed.note_details(said)
        if thought := thought_in(said):
            yield from self._call(self._pieces.flush())
            yield from self._think(thought)
        if text := reading.text(said, "content") + reading.text(said, "refusal"):
            yield from self._call(self._pieces.flush())
            yield from self._say(text)
        yield from self._call(self._pieces.feed(reading.objects(said.get("tool_calls"))))

    def close(self) -> Iterator[Json]:
        yield from self._call(self._pieces.flush())
        yield from self._tell_signed()
        yield from self._stop(self._open)
        self._open = []

    def _think(self, thought: Thought) -> Iterator[Json]:
        if self._latest != "thinking":
            hidden = self._hides_thinking
            yield from self._begin(Thinking(self._begun, thought.field, hidden=hidden))
        yield from self._open[-1].add(thought.text)

    def _say(self, text: str) -> Iterator[Json]:
        if self._latest != "text":
            yield from self._tell_signed()
            yield from self._begin(Text(self._begun))
        yield from self._open[-1].add(text)

    def _call(self, pieces: Iterable[Piece]) -> Iterator[Json]:
        for piece in pieces:
            if piece.begins:
                name = self._names.get(piece.name, piece.name)
                block = call_block(piece.call_id, name, self._message_id, piece.number)
                self._signed.note_call(block["id"], piece.extra)
                yield from self._tell_signed()
                self._calls[piece.number] = Call(self._begun, block)
                yield from self._begin(self._calls[piece.number])
            if piece.arguments:
                yield from self._calls[piece.number].add(piece.arguments)

    def _tell_signed(self) -> Iterator[Json]:
        """Before what it was thought for: clients take no thought for the last of a message."""
        if block := signed_block(self._signed):
            yield from self._begin(Redacted(self._begun, block))

    @property
    def _latest(self) -> str:
        return self._open[-1].kind if self._open else ""

    def _begin(self, block: Block) -> Iterator[Json]:
        yield from self._stop(each for each in self._open if each.is_done)
        self._open = [each for each in self._open if not each.is_done]
        self._open.append(block)
        self._begun += 1
        yield block.start()

    def _stop(self, blocks: Iterable[Block]) -> Iterator[Json]:
        for block in blocks:
            yield from block.stop()
