"""The meter: a stream goes through it whole and unaltered, and what was used is read from it.

Bytes come out as soon as the event they belong to is whole, so that a stream that breaks off
never leaves half an event with the client. Events that report usage which only we had asked for
are taken out; every other byte is what the provider sent, in its order.
"""

from tollgate_llm.metering.events import Grammar, last_event_end, normal, split_events
from tollgate_llm.metering.usage import AnthropicUsage, OpenAIUsage, Usage, added

LONGEST_EVENT = 16 * 1024 * 1024
_LONGEST_END = 4


class Meter:
    """Reads one stream. `over` is True from the event that ends it, `failed` when that was an
    error; `usage` is what has been reported so far."""

    def __init__(self, grammar: Grammar, hide_usage: bool) -> None:
        self._grammar = grammar
        self._hide_usage = hide_usage
        self._rest = b""
        self._raw: OpenAIUsage | AnthropicUsage | None = None
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
        return added(self._before, normal(self._raw))

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
            if seen.usage is not None:
                self._before = self.usage if seen.adds else None
                self._note(seen.usage)
            if not (self._hide_usage and seen.bare):
                self._listen(event)
                passed.append(event)
            self.over = self.over or seen.over
            self.failed = self.failed or seen.failed
        return b"".join(passed)

    def _note(self, usage: OpenAIUsage | AnthropicUsage) -> None:
        if isinstance(usage, AnthropicUsage) and isinstance(self._raw, AnthropicUsage):
            self.final = True  # the first report is the input's, at the start of the message
            self._raw = self._raw.updated(usage)
        else:
            self.final = isinstance(usage, OpenAIUsage)
            self._raw = usage

    def _listen(self, block: bytes) -> None:
        for said in self._grammar.text.findall(block):
            self._text_bytes += len(said)
