"""What the gateway reads of every body, and what is wrong with one."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.errors import BadRequest
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest, reader

parse = reader(ParsedRequest)


def test_the_fields_that_matter_are_found_among_others() -> None:
    body = {"messages": [{"model": "nested"}], "model": "m", "stream": True, "max_tokens": 5}
    found = parse(json.dumps(body).encode())
    assert (found.model, found.stream, found.output_cap()) == ("m", True, 5)


@pytest.mark.parametrize(
    ("caps", "cap"),
    [
        ({"max_tokens": 1, "max_completion_tokens": 2}, 2),
        ({"max_output_tokens": 3}, 3),
        ({"max_tokens": None}, None),
        ({}, None),
    ],
)
def test_the_output_cap_by_any_of_its_names(caps: dict[str, int], cap: int | None) -> None:
    assert parse(json.dumps({"model": "m", **caps}).encode()).output_cap() == cap


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{}", "model"),
        (b'{"model": 5}', "model"),
        (b'{"model": null}', "model"),
        (b'{"model": ""}', "model"),
        (b'{"model": "%s"}' % (b"m" * 257), "model"),
        (rb'{"model": "m\u0000"}', "model"),
        (b'{"model": "m", "stream": "yes"}', "stream"),
        (b'{"model": "m", "max_tokens": 1.5}', "max_tokens"),
        (b"[]", "body"),
        (b'"x"', "body"),
        (b"", "body"),
        (b'{"model": "m"', "body"),
        (b'{"model": "m", "x": \xff}', "body"),
        (b'{"model": "m"} trailing', "body"),
        (b"[" * 100_000, "body"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, param: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        parse(body)
    assert wrong.value.param == param
    assert wrong.value.http_status == 400


@given(st.binary(max_size=200))
def test_garbage_is_never_more_than_a_bad_request(body: bytes) -> None:
    with suppress(BadRequest):
        assert parse(body).model


SCALARS = st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.recursive(SCALARS, st.lists, max_leaves=20))
def test_unknown_fields_do_not_matter(value: object) -> None:
    assert parse(json.dumps({"extra": value, "model": "m"}).encode()).model == "m"
