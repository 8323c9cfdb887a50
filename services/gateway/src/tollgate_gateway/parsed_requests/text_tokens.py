"""The most tokens that a tokeniser can make of a text.

Every tokeniser in use falls back to single bytes of UTF-8, so a token is at least one of them. It
may normalise the text before: Anthropic's published tokeniser and SentencePiece apply NFKC, which
makes some characters longer (one Arabic ligature becomes 18 letters). Those are counted at their
normalised length, where that is longer. A lone surrogate counts as the three bytes of U+FFFD.
"""

import re
import unicodedata
from json.encoder import encode_basestring
from typing import Any

import msgspec

# Every character whose NFKC form has more bytes is in one of these ranges; a test tries them all.
_MAY_GROW = re.compile(
    "[\u00a8-\u00be\u013f\u0140\u0149\u01c4-\u01c6\u02d8-\u02dd\u0344\u037a\u0384\u0385\u0587"
    "\u0675-\u0678\u0958-\u095f\u09dc-\u09df\u0a33-\u0a5e\u0b5c\u0b5d\u0e33\u0eb3\u0edc\u0edd"
    "\u0f43-\u0fb9\u1fc1-\u1fee\u2033-\u2057\u2150-\u2189\u222c-\u2230\u247d-\u2487\u2a0c\u2adc"
    "\u309b-\u309f\u30ff\u3200-\u33fe\ufa6c-\ufad7\ufb13-\ufdfc\ufe71-\ufe7f\ufef5-\ufefc"
    "\U0001d15e-\U0001d1c0\U0001f12a-\U0001f248]"
)


def text_tokens(text: str) -> int:
    """Return the most tokens of a text as the provider sees it: decoded, without quotes."""
    if text.isascii():
        return len(text)
    return _size(text) + sum(map(_growth, _MAY_GROW.findall(text)))


def json_string_tokens(text: str) -> int:
    """Return the most tokens of a text where the provider shows it as a JSON string."""
    return text_tokens(encode_basestring(text))


def json_tokens(value: Any) -> int:
    """Return the most tokens of a value where the provider shows it as JSON.

    Python and most templates write a space after each comma and colon. A lone surrogate in it is a
    `UnicodeEncodeError`."""
    rendered = msgspec.json.encode(value)
    tokens = len(rendered) if rendered.isascii() else text_tokens(rendered.decode())
    return tokens + rendered.count(b",") + rendered.count(b":")


def _growth(character: str) -> int:
    normalised = unicodedata.normalize("NFKC", character)
    return max(0, _size(normalised) - _size(character))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
