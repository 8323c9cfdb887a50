"""Tool calls. Their ids are the provider's, so that results find them in the next turn."""

from hashlib import sha256

from tollgate_llm.dialects.translation import Json


def call_block(call_id: str, name: str, message_id: str, number: int) -> Json:
    """A call whose input is yet to come; some servers leave out the id."""
    made = call_id or _made_id(message_id, number)
    return {"type": "tool_use", "id": made, "name": name, "input": {}}


def _made_id(message_id: str, number: int) -> str:
    return "call_" + sha256(f"{message_id}:{number}".encode()).hexdigest()[:24]
