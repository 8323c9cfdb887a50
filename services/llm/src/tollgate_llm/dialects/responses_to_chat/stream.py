"""A stream: chat chunks in, numbered events out.

The response opens with the first chunk that has a choice (some servers send others before it, of
no id) and closes when the stream is over, because the usage comes after the last choice.
"""

from itertools import count

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.responses_to_chat.output import Output
from tollgate_llm.dialects.responses_to_chat.parts import event
from tollgate_llm.dialects.responses_to_chat.response import (
    Ending,
    begun,
    ended,
    head_of,
    incomplete_reason,
    tier_of,
    usage_of,
)
from tollgate_llm.dialects.translation import Json


class ResponsesStream:
    def __init__(self, asked: Json) -> None:
        self._asked = asked
        self._head = head_of({})
        self._output: Output | None = None
        self._ending = Ending()
        self._numbers = count()
        self.is_whole = False

    def feed(self, event: Json) -> list[Json]:
        choices = reading.objects(event.get("choices"))
        self._note(event, choices)
        if self._output is None and not choices:
            return []
        events, output = self._opened(event)
        for choice in choices:
            if reading.number(choice, "index") == 0:
                events += output.feed(reading.part(choice, "delta"), choice.get("logprobs"))
        return self._numbered(events)

    def finish(self) -> list[Json]:
        events, output = self._opened({})
        events += output.close(self._ending.status)
        response = ended(self._asked, self._head, output.items, self._ending)
        return self._numbered([*events, event(self._ending.status, response=response)])

    def _note(self, chunk: Json, choices: list[Json]) -> None:
        """Usage that is told more than once grows: the last holds."""
        self.is_whole = self.is_whole or any(map(_finish_reason, choices))
        reasons = (incomplete_reason(choice.get("finish_reason")) for choice in choices)
        self._ending = Ending(
            next(filter(None, reasons), self._ending.reason),
            usage_of(chunk) or self._ending.usage,
            tier_of(chunk) or self._ending.service_tier,
        )

    def _opened(self, chunk: Json) -> tuple[list[Json], Output]:
        if self._output is not None:
            return [], self._output
        self._head = head_of(chunk)
        self._output = Output(self._head.number, self._asked)
        kinds = ("created", "in_progress")
        return [
            event(kind, response=begun(self._asked, self._head)) for kind in kinds
        ], self._output

    def _numbered(self, events: list[Json]) -> list[Json]:
        return [{**each, "sequence_number": next(self._numbers)} for each in events]


def _finish_reason(choice: Json) -> str:
    return reading.text(choice, "finish_reason")
