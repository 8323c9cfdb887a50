"""Messages → the system prompt and turns.

System and developer messages are one system prompt, wherever they stand, as Anthropic's own
endpoint for OpenAI's SDK has it: only the latest models take instructions between the turns.
Messages of one role in a row are one turn; a tool's results are the user's.
"""

from collections.abc import Callable

from tollgate_llm.dialects.chat_to_messages.caching import MARK, mark_last, mark_of
from tollgate_llm.dialects.chat_to_messages.calls import result_of, use_of
from tollgate_llm.dialects.chat_to_messages.content import blocks_of, plain, texts
from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.chat_to_messages.thinking import thoughts_of
from tollgate_llm.dialects.translation import Drops, Json

_ANSWERED = (
    "role", "content", "refusal", "tool_calls", "thinking_blocks", "reasoning_content",
    "annotations", "parsed", MARK,
)  # fmt: skip
"""Annotations and `parsed` tell of a text that has been said; they are not part of it."""


def conversation_of(messages: list[Json], drops: Drops) -> Json:
    """`messages`, and `system` if there is one."""
    system: list[Json] = []
    turns: list[Json] = []
    for index, message in enumerate(messages):
        speaker, make = _SPEAKERS[message["role"]]
        blocks = make(message, f"messages.{index}", drops)
        mark_last(blocks, mark_of({MARK: message.get(MARK)}, f"messages.{index}", drops))
        if speaker == "system":
            system += blocks
        elif blocks:
            _say(turns, speaker, blocks)
    if system and not turns:
        # There must be a turn: instructions alone are what the user asks.
        turns, system = [{"role": "user", "content": system}], []
    if not turns:
        drops.add("messages", "nothing is said in them but space")
    said = [{**turn, "content": plain(turn["content"])} for turn in turns]
    return {"system": plain(system), "messages": said} if system else {"messages": said}


def _say(turns: list[Json], speaker: str, blocks: list[Json]) -> None:
    if turns and turns[-1]["role"] == speaker:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": speaker, "content": blocks})


def _spoken(message: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(message, ("role", "content", MARK), at, drops)
    return blocks_of(message["content"], f"{at}.content", drops)


def _answered(message: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(message, _ANSWERED, at, drops)
    blocks = thoughts_of(message, at, drops)
    blocks += blocks_of(message.get("content"), f"{at}.content", drops)
    blocks += texts(message.get("refusal") or "")
    calls = enumerate(message.get("tool_calls") or ())
    return blocks + [use_of(call, f"{at}.tool_calls.{index}", drops) for index, call in calls]


def _old_function(message: Json, at: str, drops: Drops) -> list[Json]:
    drops.add(at, "say it with a message of the role `tool`")
    return []


_SPEAKERS: dict[str, tuple[str, Callable[[Json, str, Drops], list[Json]]]] = {
    "system": ("system", _spoken),
    "developer": ("system", _spoken),
    "user": ("user", _spoken),
    "assistant": ("assistant", _answered),
    "tool": ("user", result_of),
    "function": ("user", _old_function),
}
