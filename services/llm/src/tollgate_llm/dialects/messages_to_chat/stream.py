"""A stream: chat chunks in, the events of one message out.

The message starts with the first chunk that has a choice (some servers send others before it, of no
id) and ends when the stream is over, because the usage comes after the last choice.
"""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat import choices
from tollgate_llm.dialects.messages_to_chat.content_stream import ContentStream
from tollgate_llm.dialects.messages_to_chat.message import (
    Ending,
    ending_of,
    message_of,
    service_of,
    tokens_of,
)
from tollgate_llm.dialects.translation import Json


class MessagesStream:
    def __init__(self, asked: Json) -> None:
        self._asked = asked
        self._content: ContentStream | None = None
        self._ending = Ending()
        self._usage: Json = {}

    @property
    def is_whole(self) -> bool:
        return bool(self._ending.finish_reason)

    def feed(self, event: Json) -> list[Json]:
        """Usage that is told more than once grows: the last holds."""
        self._usage = reading.part(event, "usage") or self._usage
        choice = choices.first_choice(event)
        if choice is None:
            return []
        events, content = self._started(event)
        delta = reading.part(choice, "delta")
        self._note(choice, delta)
        return [*events, *content.feed(delta)]

    def finish(self) -> list[Json]:
        events, content = self._started({})
        ending = self._ending._replace(called=content.called)
        delta = {
            "type": "message_delta",
            "delta": ending_of(self._asked, ending),
            "usage": tokens_of(self._usage),
        }
        return [*events, *content.close(), delta, {"type": "message_stop"}]

    def _note(self, choice: Json, delta: Json) -> None:
        self._ending = Ending(
            reading.text(choice, "finish_reason") or self._ending.finish_reason,
            reading.text(choice, "stop_reason") or self._ending.matched,
            self._ending.refusal + reading.text(delta, "refusal"),
        )

    def _started(self, chunk: Json) -> tuple[list[Json], ContentStream]:
        if self._content is not None:
            return [], self._content
        message = message_of(self._asked, chunk)
        message["usage"] = tokens_of({}) | service_of(self._asked, chunk)
        self._content = ContentStream(message["id"], self._asked)
        return [{"type": "message_start", "message": message}], self._content
