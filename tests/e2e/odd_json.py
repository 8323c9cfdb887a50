"""JSON as nobody's library writes it, and still JSON: whatever spacing, escapes, forms of numbers,
names that are nearly the ones that matter. What is drawn is text: a value may have many."""

import json
from typing import NamedTuple

from hypothesis import strategies as st

READ_ON_THE_WAY = frozenset(
    ("model", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens",
     "max_output_tokens")
)  # fmt: skip
_SPACE = st.sampled_from(["", "", " ", "\n", "\t ", "\r\n  "])
_NUMBERS = st.sampled_from(
    ["0", "-0", "-0.0", "1.0", "1.50", "1.0e5", "1E+2", "1e-7", "1e400", "-1e-400", "1" * 40,
     "0.1000000000000000055511151231257827", "18446744073709551616"]
)  # fmt: skip
_LITERALS = st.sampled_from(["null", "true", "false", "{}", "[]", "[ ]", '""'])
_CHARACTERS = st.characters(exclude_categories=["Cs"])
_NAMES = st.one_of(
    st.text(_CHARACTERS, max_size=8),
    st.sampled_from(["Model", "model ", "models", "mоdel", "usage", "stream_option", "error", ""]),
).filter(lambda name: name not in READ_ON_THE_WAY)
_NESTED_NAMES = st.one_of(_NAMES, st.sampled_from(sorted(READ_ON_THE_WAY)))
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "/": "\\/"}


class Member(NamedTuple):
    """Of an object: its name and its value, both as they are written."""

    name: str
    value: str


@st.composite
def _character(draw: st.DrawFn, sign: str) -> str:
    """Itself, where it may be, or one of its escapes."""
    escaped = json.dumps(sign)[1:-1]
    upper = "".join(f"\\u{unit:04X}" for unit in _units(sign))
    plain = sign if sign >= " " and sign not in '"\\' else escaped
    return draw(st.sampled_from([plain, plain, escaped, upper, _SHORT.get(sign, plain)]))


def _units(sign: str) -> list[int]:
    coded = sign.encode("utf-16-be")
    return [int.from_bytes(coded[at : at + 2]) for at in range(0, len(coded), 2)]


@st.composite
def string(draw: st.DrawFn, value: str) -> str:
    return '"' + "".join(draw(_character(sign)) for sign in value) + '"'


_TEXTS = st.text(_CHARACTERS, max_size=12) | st.sampled_from(
    ['"model":"x"', "]}", "\\", '\\"', "data: [DONE]\n\n", "A\u2028\x7f", "😀"]
)
_STRINGS = _TEXTS.flatmap(string)


@st.composite
def _list(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    inner = draw(st.lists(values, max_size=3))
    return "[" + ",".join(draw(_SPACE) + each + draw(_SPACE) for each in inner) + "]"


@st.composite
def _nested(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    names = draw(st.lists(_NESTED_NAMES.flatmap(string), max_size=3))
    return draw(written([Member(name, draw(values)) for name in names]))


@st.composite
def written(draw: st.DrawFn, members: list[Member]) -> str:
    """An object of these, in this order."""
    inner = [draw(_SPACE) + name + draw(_SPACE) + ":" + draw(_SPACE) + value + draw(_SPACE)
             for name, value in members]  # fmt: skip
    return "{" + (",".join(inner) or draw(_SPACE)) + "}"


VALUES: st.SearchStrategy[str] = st.recursive(
    _NUMBERS | _LITERALS | _STRINGS, lambda inner: _list(inner) | _nested(inner), max_leaves=6
)
MEMBERS = st.lists(st.builds(Member, _NAMES.flatmap(string), VALUES), max_size=4)
OBJECTS = MEMBERS.flatmap(written)
