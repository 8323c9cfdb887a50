"""A body that has a member twice is refused, however it is written; every other one is read."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.odd_json import MEMBERS, Member, written
from tollgate_common.errors import BadRequest
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.parsed_requests.readers import READERS
from tollgate_gateway.parsed_requests.unique_members import MAX_MEMBERS, DuplicateMember

JSON_ROUTES = sorted(
    {
        path
        for path in READERS
        if path not in ("/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits")
    }
)
MODEL = Member('"model"', '"m"')


def read(body: bytes, path: str = "/v1/chat/completions") -> ParsedRequest:
    return READERS[path](body, "application/json")


def names_twice(members: Sequence[Member]) -> bool:
    names = [json.loads(member.name) for member in members]
    return len(set(names)) < len(names)


@pytest.mark.parametrize("path", JSON_ROUTES)
@pytest.mark.parametrize(
    ("members", "name"),
    [
        (b'"messages":[1],"messages":[2]', "messages"),
        (b'"messages":[1],"messages":[1]', "messages"),
        (b'"max_tokens":1,"x":2,"max_tokens":100000', "max_tokens"),
        (b' "n" : 1 ,\n"\\u006e": 100 ', "n"),
        (
            b'"stream_options":{"include_usage":true,"include_usage":false}',
            "stream_options.include_usage",
        ),
        (b'"x":12,"x":1', "x"),
        (b'"x":1,"x":12', "x"),
        (b'"":1,"":2', ""),
        (b'"model":"other"', "model"),
    ],
)
def test_a_member_that_is_there_twice_is_refused_by_name(
    path: str, members: bytes, name: str
) -> None:
    with pytest.raises(DuplicateMember) as refused:
        read(b'{"model":"m",' + members + b"}", path)
    assert (refused.value.http_status, refused.value.param) == (400, name)


@given(members=MEMBERS, data=st.data())
def test_exactly_bodies_that_have_a_member_twice_are_refused(
    members: list[Member], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from([*members, MODEL]), max_size=1))
    inner = data.draw(st.permutations([MODEL, *members, *again]))
    body = data.draw(written(inner)).encode()
    if names_twice(inner):
        with pytest.raises(DuplicateMember):
            read(body)
    else:
        read(body)


def test_deeper_members_are_left_to_whoever_reads_them() -> None:
    body = b'{"model":"m","messages":[{"content":"a","content":"b"}]}'
    assert read(body).model == "m"


def test_a_body_of_very_many_members_is_refused() -> None:
    many = ",".join(f'"x{number}":1' for number in range(MAX_MEMBERS))
    with pytest.raises(BadRequest) as refused:
        read(b'{"model":"m",' + many.encode() + b"}")
    assert refused.value.param == "body"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"model"', b'{"model":"m"}x', b'{"\xff":1}'])
def test_what_is_no_json_object_stays_no_json_object(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read(body)
