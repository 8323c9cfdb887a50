"""From limits to reservations: windows in the limit's own calendar, amounts in whole units."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.principal import Limit, Principal, Subject
from tollgate_common.tickets.windows import TOTAL, window_at
from tollgate_gateway.tickets.errors import LimitExceeded, LimitTooSmall
from tollgate_gateway.tickets.model_facts import Price
from tollgate_gateway.tickets.reservations import applicable, reserve
from tollgate_gateway.tickets.upper_bound import UpperBound

BOUND = UpperBound(input_tokens=975, output_tokens=25, price=Price(Decimal(0), Decimal("0.001")))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def limit(**more: Any) -> Limit:
    fields: dict[str, Any] = {
        "id": "lim_1", "subject": Subject("key", "key_1"), "metric": "requests",
        "window": "day", "max": "10",
    }  # fmt: skip
    return Limit(**(fields | more))


def principal(*limits: Limit, mode: str = "test") -> Principal:
    return Principal(
        org="org_1", mode=mode, scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0, limits=limits,
    )  # fmt: skip


def test_a_day_is_a_day_where_the_limit_lives() -> None:
    window = window_at("day", "Europe/Berlin", at("2026-03-29T12:00:00"))
    assert window.name == "2026-03-29"
    assert window.ends_at_ms - window.starts_at_ms == 23 * 3_600_000
    assert window_at("day", "Asia/Kathmandu", at("2026-01-01T18:20:00")).name == "2026-01-02"


def test_a_month_ends_where_the_next_begins() -> None:
    december = window_at("month", "UTC", at("2026-12-31T23:59:59"))
    assert (december.name, december.ends_at_ms) == ("2026-12", at("2027-01-01T00:00:00"))
    assert window_at("month", "UTC", december.ends_at_ms).name == "2027-01"


@given(
    st.integers(at("2020-01-01T00:00:00"), at("2040-01-01T00:00:00")),
    st.sampled_from(["day", "month", "total"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_every_moment_is_in_its_window_and_the_next_is_another(
    moment: int, kind: str, zone: str
) -> None:
    window = window_at(kind, zone, moment)
    assert window.holds(moment)
    if window is not TOTAL:
        following = window_at(kind, zone, window.ends_at_ms)
        assert following.starts_at_ms == window.ends_at_ms
        assert following.name != window.name


def test_only_limits_of_the_model_apply() -> None:
    limits = (limit(id="all"), limit(id="gpt", models=("gpt-*",)), limit(id="o", models=("o3",)))
    for spelling in ("gpt-4o", "GPT-4o", "Gpt-4O"):
        found = applicable(principal(*limits), spelling)
        assert [item.id for item in found] == ["all", "gpt"]


@pytest.mark.parametrize(
    ("more", "kind", "maximum", "amount"),
    [
        ({"metric": "requests", "window": "minute"}, "bucket", 10, 1),
        ({"metric": "requests", "window": "total"}, "window", 10, 1),
        ({"metric": "tokens", "window": "hour"}, "bucket", 10, 1000),
        ({"metric": "cost_usd", "window": "month", "max": "0.000000030"}, "window", 30, 25),
        ({"metric": "concurrency", "window": "total"}, "gauge", 10, 1),
    ],
)
def test_each_metric_and_window_is_counted_its_way(
    more: dict[str, str], kind: str, maximum: int, amount: int
) -> None:
    bound = limit(**more)
    held = reserve(principal(bound), bound, BOUND).reservation
    assert (held.kind, held.max, held.amount) == (kind, maximum, amount)


def test_live_and_test_never_share_a_counter() -> None:
    bound = limit()
    live, test = (reserve(principal(mode=m), bound, BOUND).reservation for m in ("live", "test"))
    assert live.counter != test.counter
    assert live.counter.split(":")[1] == test.counter.split(":")[1]


@pytest.mark.parametrize(
    ("more", "code", "headers"),
    [
        ({"window": "minute"}, "rate_limit_exceeded",
         {"retry-after": "3", "x-ratelimit-limit-requests": "10",
          "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2.001s"}),
        ({"window": "month", "metric": "cost_usd", "max": "1"}, "insufficient_quota",
         {"retry-after": "3", "x-should-retry": "false"}),
        ({"window": "total", "metric": "concurrency"}, "rate_limit_exceeded",
         {"retry-after": "1"}),
    ],
)  # fmt: skip
def test_a_refusal_names_the_limit_and_says_whether_to_come_back(
    more: dict[str, str], code: str, headers: dict[str, str]
) -> None:
    refusal = LimitExceeded(limit(**more), 0, 2001)
    assert refusal.http_status == 429
    assert refusal.error_code == code
    assert "lim_1" in refusal.detail
    assert refusal.headers == {"x-tollgate-limit": "lim_1", **headers}


@pytest.mark.parametrize(
    ("more", "amount", "tells", "headers"),
    [
        ({"metric": "tokens", "max": "100", "window": "minute"}, 164, "up to 164 tokens",
         {"x-ratelimit-limit-tokens": "100", "x-ratelimit-remaining-tokens": "60"}),
        ({"metric": "tokens", "max": "100"}, 164, "up to 164 tokens",
         {"x-ratelimit-limit-tokens": "100", "x-ratelimit-remaining-tokens": "60"}),
        ({"metric": "cost_usd", "window": "total", "max": "0.5"}, 10**9, "up to $1.000000000", {}),
        ({"max": "0"}, 1, "lets nothing pass",
         {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "60"}),
        ({"metric": "concurrency", "window": "total", "max": "0"}, 1, "lets nothing pass", {}),
    ],
)  # fmt: skip
def test_what_never_fits_is_told_that_waiting_does_not_help(
    more: dict[str, str], amount: int, tells: str, headers: dict[str, str]
) -> None:
    refusal = LimitTooSmall(limit(**more), 60, amount)
    assert (refusal.http_status, refusal.error_code) == (429, "limit_too_small")
    assert refusal.headers == {"x-tollgate-limit": "lim_1", "x-should-retry": "false", **headers}
    for words in ("lim_1", tells, "waiting does not help", "have it raised"):
        assert words in refusal.detail
