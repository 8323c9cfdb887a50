"""Which answers make a job wait, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from tollgate_llm.jobs.waiting import RateRefusal, ends_before, pause_seconds, rate_refusal

LIMITED = {"x-tollgate-limit": "lim_1", "retry-after": "7"}
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def test_a_limit_without_room_at_this_moment_makes_it_wait() -> None:
    assert rate_refusal(429, LIMITED) == RateRefusal("lim_1", 7)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {**LIMITED, "x-should-retry": "false"}),  # a budget that is used up
        (429, {"x-tollgate-limit": "lim_1", "x-should-retry": "false"}),  # a limit too small
        (429, {"x-tollgate-limit": "lim_1"}),
        (429, {"retry-after": "7"}),  # a provider's own
        (429, {**LIMITED, "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        (429, {**LIMITED, "retry-after": "-1"}),
        (409, LIMITED), (503, LIMITED), (200, LIMITED), (429, {}),
    ],
)  # fmt: skip
def test_anything_else_is_its_result(status: int, headers: dict[str, str]) -> None:
    assert rate_refusal(status, headers) is None


@pytest.mark.parametrize(
    ("asked", "waits", "least"),
    [(7, 0, 7), (0, 0, 1), (1, 0, 1), (1, 3, 8), (1, 50, 60), (3600, 50, 3600)],
)
def test_a_pause_is_what_is_asked_for_and_grows_while_it_is_in_vain(
    asked: int, waits: int, least: int
) -> None:
    assert pause_seconds(asked, waits, lambda: 0.0) == least
    assert least <= pause_seconds(asked, waits, lambda: 1.0) <= least * 1.25


@pytest.mark.parametrize(
    ("age", "pause", "over"), [(0, 600, False), (0, 601, True), (590, 11, True)]
)
def test_no_pause_goes_beyond_its_lifetime(age: int, pause: int, over: bool) -> None:
    assert ends_before(NOON, 600, NOON + timedelta(seconds=age), pause) is over
