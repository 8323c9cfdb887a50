"""Reads the items of a response's output, of which nothing is certain."""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.calls import call_block
from tollgate_llm.dialects.messages_to_chat.names import original_names
from tollgate_llm.dialects.translation import Json


def text_in(item: Json) -> str:
    """Return what a message says. A refusal is said in words: callers that look at nothing else
    still see it."""
    parts = reading.objects(item.get("content"))
    return "".join(reading.text(part, "text", "refusal") for part in parts)


class Calls:
    """Makes the blocks of an answer's calls. `count` is how many there are so far."""

    def __init__(self, request: Json, message_id: str) -> None:
        self.count = 0
        self._names = original_names(request)
        self._message_id = message_id

    def block(self, item: Json) -> Json:
        """Return the block, its input yet to come. Raise `ValueError` for a call of nothing."""
        name = reading.text(item, "name")
        if not name:
            raise ValueError("a call without a name")
        call_id = reading.text(item, "call_id")
        self.count += 1
        return call_block(call_id, self._names.get(name, name), self._message_id, self.count - 1)
