"""The input's items → messages.

Whatever the assistant does in one turn (reason, speak, call tools) is one message there, and the
results of its calls follow it at once, wherever they are in the input. System messages in a row
are one: many models' templates take no second one.
"""

from collections.abc import Callable
from typing import Any

from tollgate_llm.dialects.responses_to_chat.content import parts_of, texts_of
from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.responses_to_chat.names import Names
from tollgate_llm.dialects.responses_to_chat.thoughts import signed_in, unpacked
from tollgate_llm.dialects.responses_to_chat.tools import arguments_of
from tollgate_llm.dialects.responses_to_chat.turns import Turn
from tollgate_llm.dialects.translation import Drops, Json


def messages_of(asked: Json, drops: Drops) -> list[Json]:
    conversation = Conversation(Names(asked), drops)
    if asked.get("instructions"):
        conversation.add({"role": "system", "content": asked["instructions"]}, "instructions")
    given: Any = asked.get("input") or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    for index, item in enumerate(items):
        conversation.add(item, f"input.{index}")
    return conversation.messages()


class Conversation:
    def __init__(self, names: Names, drops: Drops) -> None:
        self._names = names
        self._drops = drops
        self._turns: list[Turn] = []
        self._callers: dict[str, Turn] = {}
        self._takers: dict[str, Callable[[Json, str], None]] = {
            "message": self._message,
            "reasoning": self._reasoning,
            "function_call": self._function_call,
            "custom_tool_call": self._custom_call,
            "function_call_output": self._output,
            "custom_tool_call_output": self._output,
            "web_search_call": self._hosted_call,
        }

    def add(self, item: Json, at: str) -> None:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        take = self._takers.get(kind)
        if take is None:
            self._drops.add(at, f"an item of the type `{kind}` has no counterpart")
        else:
            take(item, at)

    def messages(self) -> list[Json]:
        return [message for turn in self._turns for message in turn.messages()]

    def _message(self, item: Json, at: str) -> None:
        refuse_rest(item, ("type", "role", "content", "id", "status"), at, self._drops)
        content, where = item["content"], f"{at}.content"
        if item["role"] == "user":
            self._turns.append(Turn("user", parts_of(content, where, self._drops)))
        elif item["role"] == "assistant":
            self._assistant().parts += texts_of(content, where, self._drops, "the assistant")
        else:
            self._system().parts += texts_of(content, where, self._drops, "a system message")

    def _reasoning(self, item: Json, at: str) -> None:
        understood = ("type", "id", "status", "summary", "content")
        content = item.get("encrypted_content") or ""
        blocks, signed = unpacked(content), signed_in(content)
        known = (*understood, "encrypted_content") if blocks or signed else understood
        refuse_rest(item, known, at, self._drops)
        if blocks:
            self._assistant().thoughts += blocks
        if signed:
            self._assistant().signed.add(signed)
        thoughts = [part["text"] for part in item.get("content") or item.get("summary") or ()]
        if thoughts:
            self._assistant().reasoning += thoughts

    def _function_call(self, item: Json, at: str) -> None:
        understood = ("type", "id", "status", "call_id", "name", "namespace", "arguments")
        refuse_rest(item, understood, at, self._drops)
        self._call(item["call_id"], self._names.of(item), item["arguments"] or "{}")

    def _custom_call(self, item: Json, at: str) -> None:
        understood = ("type", "id", "status", "call_id", "name", "namespace", "input")
        refuse_rest(item, understood, at, self._drops)
        self._call(item["call_id"], self._names.of(item), arguments_of(item["input"]))

    def _hosted_call(self, item: Json, at: str) -> None:
        """List the call as left out: what it brought in is in the answer that follows it."""
        self._drops.hint(f"{at}.{item['type']}")

    def _call(self, call_id: str, name: str, arguments: str) -> None:
        turn = self._callers[call_id] = self._assistant()
        function = {"name": name, "arguments": arguments}
        turn.calls.append({"id": call_id, "type": "function", "function": function})

    def _output(self, item: Json, at: str) -> None:
        understood = ("type", "id", "status", "call_id", "name", "output")
        refuse_rest(item, understood, at, self._drops)
        turn = self._callers.get(item.get("call_id") or "")
        if turn is None:
            self._drops.add(f"{at}.call_id", "there is no such call before it")
        else:
            parts = parts_of(item["output"], f"{at}.output", self._drops)
            turn.answer(item["call_id"], parts)

    def _assistant(self) -> Turn:
        """The turn that is under way; its first result ends it."""
        if not self._turns or self._turns[-1].role != "assistant" or self._turns[-1].results:
            self._turns.append(Turn("assistant"))
        return self._turns[-1]

    def _system(self) -> Turn:
        if not self._turns or self._turns[-1].role != "system":
            self._turns.append(Turn("system"))
        return self._turns[-1]
