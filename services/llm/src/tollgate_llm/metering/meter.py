"""The meter: a stream goes through it whole and unaltered, and what was used is read from it.

Bytes come out as soon as the event they belong to is whole, so that a stream that breaks off
never leaves half an event with the client. Events that report usage which only we had asked for
are taken out; every other byte is what the provider sent, in its order.
"""

from tollgate_llm.metering.anthropic_usage import AnthropicAnswer
from tollgate_llm.metering.events import Answer, Grammar, last_event_end, split_events
from tollgate_llm.metering.usage import Usage

LONGEST_EVENT = 16 * 1024 * 1024
_LONGEST_END = 4


class Meter:
    """Reads one stream. `over` is True from the event that ends it, `failed` when that was an
    error; `usage` is what has been reported so far."""

    def __init__(self, grammar: Grammar, hide_usage: bool) -> None:
        self._grammar = grammar
        self._hide_usage = hide_usage
        self._rest = b""
        self._answer: Answer | None = None
        self._before: Usage | None = None
        self._text_bytes = 0
        self._blind = False
        self.over = False
        self.failed = False
        self.final = False

    def feed(self, data: bytes) -> bytes:
        """What may go to the client now."""
        if self._blind:
            return data
        begin = max(0, len(self._rest) - _LONGEST_END)
        if self._rest:
            data = self._rest + data
        end = last_event_end(data, begin)
        if len(data) - end > LONGEST_EVENT:
            self._blind = True  # nothing we know sends that; pass it on rather than collect it
            self._rest = b""
            return data
        if end == len(data):
            self._rest = b""
            return self._read(data)
        self._rest = data[end:]
        return self._read(data[:end]) if end else b""

    def finish(self) -> bytes:
        """The provider has ended the body properly: whatever is left belongs to it."""
        rest, self._rest = self._rest, b""
        return self._read(rest) if rest else b""

    @property
    def usage(self) -> Usage | None:
        """What the stream has reported so far, None as long as it has not."""
        now = self._reported()
        if self._before is None or now is None:
            return now or self._before
        return self._before.plus(now)

    def estimated_output(self) -> int:
        """The documented estimate of what the model has said so far."""
        return self._grammar.tokens(self._text_bytes)

    def _read(self, block: bytes) -> bytes:
        if self._grammar.alert.search(block) is None:
            self._listen(block)
            return block
        return self._read_each(block)

    def _read_each(self, block: bytes) -> bytes:
        passed: list[bytes] = []
        for event in split_events(block):
            if self._grammar.alert.search(event) is None:
                self._listen(event)
                passed.append(event)
                continue
            seen = self._grammar.read(event)
            if seen.answer is not None:
                self._before = self.usage if seen.adds else None
                self._note(seen.answer)
            if self._hide_usage and seen.bare:
                passed.append(_blank_lines_before(event))
            else:
                self._listen(event)
                passed.append(event)
            self.over = self.over or seen.over
            self.failed = self.failed or seen.failed
        return b"".join(passed)

    def _note(self, answer: Answer) -> None:
        if isinstance(answer, AnthropicAnswer) and isinstance(self._answer, AnthropicAnswer):
            self.final = True  # the first report is the input's, at the start of the message
            self._answer = self._answer.updated(answer)
        else:
            self.final = not isinstance(answer, AnthropicAnswer)
            self._answer = answer

    def _reported(self) -> Usage | None:
        if isinstance(self._answer, AnthropicAnswer):
            return self._answer.read(has_content=self._text_bytes > 0)
        return self._answer.read(self._grammar.medium) if self._answer else None

    def _listen(self, block: bytes) -> None:
        for said in self._grammar.text.findall(block):
            self._text_bytes += len(said)


def _blank_lines_before(event: bytes) -> bytes:
    """Return the line ends that an event begins with: they are none of it."""
    return event[: len(event) - len(event.lstrip(b"\r\n"))]
