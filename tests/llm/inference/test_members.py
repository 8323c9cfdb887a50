"""Members out of a body and into it, the others' bytes as they were."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.inference.clouds.members import edited

ADDED = {"version": b'"1"'}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", b'{"version":"1"}'),
        (b' { "model" : "m" } ', b'{"version":"1"}'),
        (b'{"a":1,"model":"m","b":2}', b'{"version":"1","a":1,"b":2}'),
        (b'{"model":1, "a" : [1.0, {"model":2}] ,"model":"x"}',
         b'{"version":"1","a" : [1.0, {"model":2}]}'),
        (b'{"a":"\\",\\"model\\":1}","mod\\u0065l":"m"}',
         b'{"version":"1","a":"\\",\\"model\\":1}"}'),
        (b'{"version":"own","a":1}', b'{"version":"own","a":1}'),
    ],
)  # fmt: skip
def test_a_member_goes_and_another_comes(body: bytes, expected: bytes) -> None:
    assert edited(body, without=("model",), added=ADDED) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["model", "stream", "a", ",", "version"]) | st.text(), VALUES),
    st.sampled_from([None, 2]),
)
def test_it_says_what_an_edited_object_says(body: dict[str, object], indent: int | None) -> None:
    written = json.dumps(body, indent=indent).encode()
    found = json.loads(edited(written, without=("model", "stream"), added=ADDED))
    kept = {name: value for name, value in body.items() if name not in ("model", "stream")}
    assert found == {"version": "1", **kept}
