"""A stream: the events of a response in, those of one message out.

The message starts with the first event that has a response or says something. Only
`response.completed` and `response.incomplete` make it whole.
"""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.message import service_of
from tollgate_llm.dialects.messages_to_responses.content_stream import ITEM_EVENTS, ContentStream
from tollgate_llm.dialects.messages_to_responses.message import ending_of, message_of, usage_of
from tollgate_llm.dialects.translation import Json

_ENDS = {"response.completed": "completed", "response.incomplete": "incomplete"}
_ANNOUNCEMENTS = ("response.created", "response.in_progress", "response.queued")


class ResponseEvents:
    def __init__(self, request: Json) -> None:
        self._request = request
        self._content: ContentStream | None = None
        self._response: Json = {}
        self.is_whole = False

    def feed(self, event: Json) -> list[Json]:
        """Raise `ValueError` where a call cannot be told. Nothing follows the end."""
        kind = reading.text(event, "type")
        if self.is_whole or kind not in (*_ENDS, *_ANNOUNCEMENTS, *ITEM_EVENTS):
            return []
        response = reading.part(event, "response")
        events, content = self._started(response)
        if kind in ITEM_EVENTS:
            events += content.feed(event)
        if kind in _ENDS:
            is_cut = kind == "response.incomplete"
            events += content.complete(reading.objects(response.get("output")), is_cut=is_cut)
            self._response = {**response, "status": _ENDS[kind]}
            self.is_whole = True
        return events

    def finish(self) -> list[Json]:
        events, content = self._started({})
        response, called = self._response, content.called
        delta = {
            "type": "message_delta",
            "delta": ending_of(self._request, response, refusal=content.refusal, called=called),
            "usage": usage_of(response),
        }
        return [*events, delta, {"type": "message_stop"}]

    def _started(self, response: Json) -> tuple[list[Json], ContentStream]:
        if self._content is not None:
            return [], self._content
        message = message_of(self._request, response)
        message["usage"] = usage_of({}) | service_of(self._request, response)
        self._content = ContentStream(message["id"], self._request)
        return [{"type": "message_start", "message": message}], self._content
