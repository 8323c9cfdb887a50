"""What a provider reads of a conversation: tokens of text, pictures, and parts that are no text.

A message counts for its role, its name and its content, a part of it for its text, each with a
stated overhead. Whatever else there is counts as the JSON that it is, names, quotes and all: no
less than a provider could show its model of it. The pictures and files in it, which are encoded,
are no text: they have bounds of their own.
"""

from dataclasses import dataclass, field
from typing import Any

from tollgate_gateway.parsed_requests import vendor_rules as rules
from tollgate_gateway.parsed_requests.text_tokens import (
    json_string_tokens,
    json_tokens,
    text_tokens,
)
from tollgate_gateway.parsed_requests.vendor_rules import BoundSource

Source = tuple[BoundSource, str]
"""What bounds a part of the input, and the name of that part."""

_MEMBER_JSON = len('"": , ')
_OBJECT_JSON = len("{}")
_ELEMENT_JSON = len(", ")


@dataclass(slots=True)
class Conversation:
    """The counts of what has been read so far. `sources` are what bounds the parts that are no
    text."""

    tokens: int = 0
    images: int = 0
    sources: list[Source] = field(default_factory=list)

    def read(self, value: Any) -> None:
        """Add a text, a message, a part, or a list of any of them, however deep."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                self._read_object(item, waiting)
            elif isinstance(item, list):
                waiting += item
            elif isinstance(item, str):
                self.tokens += _ELEMENT_JSON + json_string_tokens(item)
            else:
                self.tokens += _ELEMENT_JSON + len(str(item))

    def read_prompts(self, value: Any) -> None:
        """Add one or several prompts, or texts to embed: texts or token ids, which are a token
        each."""
        if isinstance(value, str):
            self.tokens += text_tokens(value)
        elif isinstance(value, list) and not any(isinstance(item, dict) for item in value):
            for item in value:
                self._read_listed(item)
        else:
            self.read(value)

    def _read_listed(self, item: Any) -> None:
        if isinstance(item, str):
            self.tokens += rules.LISTED_TEXT_TOKENS + text_tokens(item)
        elif isinstance(item, list) and all(isinstance(token, int) for token in item):
            self.tokens += rules.LISTED_TEXT_TOKENS + len(item)
        elif isinstance(item, int):
            self.tokens += 1
        else:
            self.read(item)

    def _read_object(self, item: dict[str, Any], waiting: list[Any]) -> None:
        kind = item.get("type")
        if not isinstance(kind, str):
            kind = ""
        if kind in rules.TEXT_PARTS and item.keys() <= rules.TEXT_PART_MEMBERS:
            self.tokens += rules.PART_TOKENS
            self._read_text(item.get("text"), waiting)
        elif kind in ("", "message") and "role" in item and item.keys() <= rules.MESSAGE_MEMBERS:
            self.tokens += rules.MESSAGE_TOKENS
            self._read_text(item["role"], waiting)
            self._read_text(item.get("name", ""), waiting)
            self._read_text(item.get("content", ""), waiting)
        elif kind in rules.CALLS:
            self.tokens += rules.MESSAGE_TOKENS + json_tokens(item)
        else:
            self.tokens += rules.MESSAGE_TOKENS
            self._read_members(item, waiting, is_encoded=self._read_attachment(kind, item))

    def _read_attachment(self, kind: str, item: dict[str, Any]) -> bool:
        """Add what bounds an object that is no text, or not alone; return whether its data are
        encoded."""
        if kind in rules.IMAGES or "image_url" in item:
            self.images += 1
            return True
        if kind in rules.CHANGES_TOOLS:
            self.sources.append((BoundSource.STATED, kind))
        elif attachment := _attachment(kind, item):
            self.tokens += rules.ATTACHMENT_TOKENS
            self.sources.append((BoundSource.CONTEXT, attachment))
            return True
        elif kind == "document":
            self.tokens += rules.ATTACHMENT_TOKENS
        return False

    def _read_members(
        self, item: dict[str, Any], waiting: list[Any], *, is_encoded: bool = False
    ) -> None:
        self.tokens += _OBJECT_JSON
        for name, value in item.items():
            if name in rules.NOT_READ:
                continue
            if is_encoded and name in rules.ENCODED:
                if isinstance(value, dict):
                    self._read_members(value, waiting, is_encoded=True)
            elif name in rules.READ_AS_TEXT:
                self._read_text(value, waiting)
            else:
                self.tokens += _MEMBER_JSON + text_tokens(name)
                waiting.append(value)

    def _read_text(self, value: Any, waiting: list[Any]) -> None:
        if isinstance(value, str):
            self.tokens += text_tokens(value)
        else:
            waiting.append(value)


def _attachment(kind: str, item: dict[str, Any]) -> str:
    """Return the name of a part that is read from elsewhere, or is no text; else nothing."""
    if kind in rules.ATTACHMENTS:
        return kind
    if kind == "document":
        source = item.get("source")
        is_text = isinstance(source, dict) and source.get("type") in ("text", "content")
        return "" if is_text else kind
    if kind == "reasoning":
        return "" if item.get("encrypted_content") else kind
    if "id" in item and not item.keys() & {"type", "role", "content", "text"}:
        return "item_reference"
    return next((name for name in rules.ATTACHED_BY_NAME if item.get(name)), "")
