"""The comment that tells a stream's cost, put at its end and taken off again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.errors import BadRequest
from tollgate_common.stream_cost import VARIABLE, cost_comment, wants_stream_cost, without_cost

TOLD = b": tollgate-cost-usd 0.000123000\n\n"


@pytest.mark.parametrize("end", [b"", b"\n\n", b"}\n\n", b"\r\n\r\n", b"\n\r\n", b"\r\r"])
def test_after_a_whole_event_it_is_all_there_is(end: bytes) -> None:
    assert cost_comment(end, 123_000) == TOLD


@pytest.mark.parametrize("end", [b"}", b"}\n", b"\r\n"])
def test_an_event_that_is_not_whole_is_ended_first(end: bytes) -> None:
    assert cost_comment(end, 123_000) == b"\n\n" + TOLD


@given(st.binary(), st.integers(0, 10**15))
def test_what_is_put_at_the_end_of_whole_events_comes_off_again(stream: bytes, cost: int) -> None:
    whole = stream + b"\n\n"
    assert without_cost(whole + cost_comment(whole, cost)) == whole


@pytest.mark.parametrize(
    "stream",
    [TOLD + b"data: x\n\n", TOLD[:-1], b": tollgate-cost-usd 1\n\n", b"data" + TOLD[1:], b""],
)
def test_anything_else_stays_as_it_is(stream: bytes) -> None:
    assert without_cost(stream) == stream


def test_it_is_asked_for_in_one_way() -> None:
    assert not wants_stream_cost({})
    assert wants_stream_cost({VARIABLE: "comment"})
    for value in ("", "yes", "header", "comment,comment"):
        with pytest.raises(BadRequest) as refused:
            wants_stream_cost({VARIABLE: value})
        assert refused.value.param == "x-tollgate-stream-cost"
