"""Edits of a body touch what they are for, and not one byte more."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tollgate_llm.inference import splice

SPACES = st.sampled_from(["", " ", "\n", "\t ", "\r\n  "])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(), st.sampled_from(['"model":', "\\", '\\"', "model", "{", "}", "],[", "é\u2028"]),
)  # fmt: skip
NAMES = st.one_of(st.text(max_size=8), st.sampled_from(["model", "models", "stream_options"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any, draw: st.DrawFn) -> str:
    """JSON with whatever spacing and escapes."""
    if isinstance(value, dict):
        inner = [f"{written(k, draw)}{draw(SPACES)}:{draw(SPACES)}{written(v, draw)}"
                 for k, v in value.items()]  # fmt: skip
        return "{" + draw(SPACES) + f"{draw(SPACES)},{draw(SPACES)}".join(inner) + "}"
    if isinstance(value, list):
        return "[" + f"{draw(SPACES)},".join(written(item, draw) for item in value) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def objects(draw: st.DrawFn) -> tuple[list[tuple[str, Any, str]], bytes]:
    """Members as name, value and the value's own text; and the body. Names may occur twice."""
    found = draw(st.lists(st.tuples(NAMES, VALUES), max_size=5))
    members = [(name, value, written(value, draw)) for name, value in found]
    inner = [f"{draw(SPACES)}{written(name, draw)}{draw(SPACES)}:{draw(SPACES)}{text}{draw(SPACES)}"
             for name, _, text in members]  # fmt: skip
    body = draw(SPACES) + "{" + (",".join(inner) or draw(SPACES)) + "}" + draw(SPACES)
    return members, body.encode("utf-8", "surrogatepass")


def readable(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False  # lone surrogates: refused before anything is spliced
    return True


@given(objects())
def test_members_are_found_where_they_are(case: tuple[list[tuple[str, Any, str]], bytes]) -> None:
    members, body = case
    assume(readable(body))
    found = list(splice.members(body))
    assert [member.name for member in found] == [name for name, _, _ in members]
    texts = [body[member.start : member.end].decode() for member in found]
    assert texts == [text for _, _, text in members]


@given(objects(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_another_model_changes_only_the_outermost_models(
    case: tuple[list[tuple[str, Any, str]], bytes], model: str
) -> None:
    members, body = case
    assume(readable(body) and any(name == "model" for name, _, _ in members))
    changed = splice.with_model(body, model)
    pieces, at = [], 0
    for member in splice.members(body):
        if member.name == "model":
            pieces += [body[at : member.start], msgspec.json.encode(model)]
            at = member.end
    assert changed == b"".join([*pieces, body[at:]])
    assert all(
        msgspec.json.decode(changed[member.start : member.end]) == model
        for member in splice.members(changed)
        if member.name == "model"
    )


@given(objects(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_body_without_a_model_gets_one(
    case: tuple[list[tuple[str, Any, str]], bytes], model: str
) -> None:
    members, body = case
    assume(readable(body) and all(name != "model" for name, _, _ in members))
    changed = splice.with_model(body, model)
    assert readable(changed)
    [first, *others] = splice.members(changed)
    assert first.name == "model"
    assert msgspec.json.decode(changed[first.start : first.end]) == model
    assert len(others) == len(members)
    assert changed.endswith(body[body.index(b"{") + 1 :])


@given(objects())
def test_asking_for_usage_changes_nothing_else(
    case: tuple[list[tuple[str, Any, str]], bytes],
) -> None:
    members, body = case
    assume(members and readable(body))
    values: dict[str, Any] = {name: value for name, value, _ in members}
    options = values.get("stream_options")
    assume(options is None or isinstance(options, dict))
    assume(len({name for name, _, _ in members}) == len(members))
    changed = splice.with_usage_asked(body, has_options="stream_options" in values)
    asking = {**(options or {}), "include_usage": True}
    assert msgspec.json.decode(changed) == {
        **msgspec.json.decode(body), "stream_options": {**asking}
    }  # fmt: skip
    if "stream_options" not in values:
        at = body.index(b"{") + 1
        assert changed.startswith(body[:at])
        assert changed.endswith(body[at:])


def test_an_escaped_name_is_the_same_name() -> None:
    assert splice.with_model(b'{"mod\\u0065l":"a"}', "b") == b'{"mod\\u0065l":"b"}'


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'{"x": {"model": "a"}}', b'{"model":"b","x": {"model": "a"}}'),
        (b'{"x": ["model"]}', b'{"model":"b","x": ["model"]}'),
        (b'{"x\\"model": "a"}', b'{"model":"b","x\\"model": "a"}'),
        (b'{"x": "\\"model\\":1", "model" : "c"}', b'{"x": "\\"model\\":1", "model" : "b"}'),
        (b'{"x": "{", "model":"q\\"uote"}', b'{"x": "{", "model":"b"}'),
        (b'{"model":"\\\\", "x": 1.0e5}', b'{"model":"b", "x": 1.0e5}'),
    ],
)
def test_what_only_looks_like_the_model_is_left_alone(body: bytes, changed: bytes) -> None:
    assert splice.with_model(body, "b") == changed


def test_every_duplicate_is_replaced_and_nested_ones_are_not() -> None:
    body = b'{"model": "a", "x": {"model": "a"}, "y": ["model", "a"], "model" :"c" }'
    assert splice.with_model(body, "b") == (
        b'{"model": "b", "x": {"model": "a"}, "y": ["model", "a"], "model" :"b" }'
    )


def test_options_keep_their_other_members() -> None:
    body = b'{"stream_options": {"x": 1, "include_usage": false}, "model": "m"}'
    assert splice.with_usage_asked(body, has_options=True) == (
        b'{"stream_options": {"x": 1, "include_usage": true}, "model": "m"}'
    )


def test_options_that_are_no_options_are_left_for_the_provider_to_refuse() -> None:
    body = b'{"stream_options": 7, "model": "m"}'
    assert splice.with_usage_asked(body, has_options=True) == body


CAPS = ("max_completion_tokens", "max_tokens")


@pytest.mark.parametrize(
    ("body", "capped"),
    [
        (b'{ "model": "m" }', b'{"max_tokens":9, "model": "m" }'),
        (b'{"x": {"max_tokens": 1}}', b'{"max_tokens":9,"x": {"max_tokens": 1}}'),
        (b'{"x": 1.0, "max_tokens" : null}', b'{"x": 1.0, "max_tokens" : 9}'),
        (b'{"max_completion_tokens": -1}', b'{"max_completion_tokens": 9}'),
        (b'{"max\\u005ftokens": 0, "x": 1}', b'{"max\\u005ftokens": 9, "x": 1}'),
        (b'{"max_tokens": 0, "max_tokens": null}', b'{"max_tokens": 9, "max_tokens": 9}'),
    ],
)
def test_a_cap_is_set_and_nothing_else(body: bytes, capped: bytes) -> None:
    assert splice.with_cap(body, "max_tokens", CAPS, 9) == capped
