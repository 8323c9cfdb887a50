"""Texts that are cut in the middle of a character.

JSON may write a character beyond U+FFFF as two escapes, a surrogate pair, and some servers put each
half into a delta of its own. No text can hold half a pair.
"""

from typing import Any

_Path = tuple[str | int, ...]


class Halves:
    """Joins what the events of one stream have parted. A half without its other is U+FFFD."""

    def __init__(self) -> None:
        self._kept: dict[_Path, str] = {}

    def __bool__(self) -> bool:
        """Return whether the first half of a pair waits for the second."""
        return bool(self._kept)

    def joined(self, event: Any) -> Any:
        """Return the event with whole characters. What a text ends in is kept for the text at the
        same place of the next event."""
        return self._value((), event)

    def _value(self, path: _Path, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(path, value)
        if isinstance(value, dict):
            return {_whole(name): self._value((*path, name), each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value((*path, at), each) for at, each in enumerate(value)]
        return value

    def _text(self, path: _Path, text: str) -> str:
        text = self._kept.pop(path, "") + text
        if "\ud800" <= text[-1:] <= "\udbff":
            self._kept[path] = text[-1]
            text = text[:-1]
        return _whole(text)


def _whole(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
