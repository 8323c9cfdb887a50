"""`GET /usage`: the ledger's sums, in any zone, by any dimension, for those who may see them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOVEMBER = "2026-11-01/P1M"
NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)


def usage(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    answer = client.get("/api/v1/usage", query_string=parameters)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.get_json()
    return body


def buckets(client: FlaskClient, **parameters: str) -> dict[str, int]:
    return {row["bucket"]: row["requests"] for row in usage(client, **parameters)["data"]}


def test_the_cache_hit_rate_is_of_the_sums(booked: Record, client: Client) -> None:
    """And not the mean of the rows' rates, which would be a half."""
    booked(NOON, {"input_tokens": 1_000_000, "cached_input_tokens": 10})
    booked(NOON, {"input_tokens": 10, "cached_input_tokens": 10}, model="claude")
    booked(NOON, {"input_tokens": 0, "cached_input_tokens": 0}, model="whisper")
    answer = usage(client(), period=NOVEMBER, group_by="model")
    rates = {row["model"]: row["cache_hit_rate"] for row in answer["data"]}
    assert rates == {"gpt-4o-mini": 0.00001, "claude": 1.0, "whisper": None}
    assert answer["totals"]["cache_hit_rate"] == 0.00002
    empty = usage(client(), period="2026-01-01/P1D")
    assert empty["totals"]["cache_hit_rate"] is None


def test_usage_is_grouped_and_summed_up(booked: Record, client: Client) -> None:
    booked(NOON, {"cost_nanos": 1, "input_tokens": 7, "cached_input_tokens": 2})
    booked(NOON + timedelta(hours=3), {"cost_nanos": 10**9})
    booked(NOON, model="claude", project=None)
    answer = usage(client(), period=NOVEMBER, group_by="project,model")
    assert answer["data"] == [
        {
            "bucket": "2026-11-10T00:00:00Z", "project": "proj_1", "model": "gpt-4o-mini",
            "requests": 2, "input_tokens": 17, "output_tokens": 10, "cached_input_tokens": 2,
            "cache_write_tokens": 0, "reasoning_tokens": 0, "estimated_requests": 0,
                "unpriced_requests": 0, "capped_requests": 0,
            "refused_requests": 0, "cache_hit_rate": 0.117647, "cost_usd": "1.000000001",
        },
        {
            "bucket": "2026-11-10T00:00:00Z", "project": None, "model": "claude",
            "requests": 1, "input_tokens": 10, "output_tokens": 5, "cached_input_tokens": 0,
            "cache_write_tokens": 0, "reasoning_tokens": 0, "estimated_requests": 0,
                "unpriced_requests": 0, "capped_requests": 0,
            "refused_requests": 0, "cache_hit_rate": 0.0, "cost_usd": "0.000004500",
        },
    ]  # fmt: skip
    assert answer["totals"] == {
        "requests": 3, "input_tokens": 27, "output_tokens": 15, "cached_input_tokens": 2,
        "cache_write_tokens": 0, "reasoning_tokens": 0, "estimated_requests": 0,
                "unpriced_requests": 0, "capped_requests": 0,
            "refused_requests": 0, "cache_hit_rate": 0.074074, "cost_usd": "1.000004501",
    }  # fmt: skip
    assert datetime.fromisoformat(answer["as_of"]) <= datetime.now(UTC)


@pytest.mark.parametrize("group", ["provider", "tag:team"])
def test_requests_whose_figures_are_estimated_are_counted(
    booked: Record, client: Client, group: str
) -> None:
    for estimated in (True, False, True):
        booked(NOON, {"estimated": estimated}, tags={"team": "blue"})
    answer = usage(client(), period=NOVEMBER, group_by=group)
    assert answer["totals"]["estimated_requests"] == 2
    assert [row["estimated_requests"] for row in answer["data"]] == [2]


@pytest.mark.parametrize(
    ("count", "mark"), [("unpriced_requests", "unpriced"), ("capped_requests", "capped")]
)
def test_marked_requests_are_counted_and_can_be_summed_up_alone(
    booked: Record, client: Client, count: str, mark: str
) -> None:
    booked(NOON, {"cost_nanos": 1})
    booked(NOON, {"cost_nanos": 20, mark: True})
    booked(NOON + timedelta(hours=1), {"cost_nanos": 300, mark: True}, model="claude")
    booked(NOON, {mark: True}, mode="test")

    def found(**more: str) -> tuple[int, int, str]:
        totals = usage(client(), period=NOVEMBER, **more)["totals"]
        return totals["requests"], totals[count], totals["cost_usd"]

    assert found() == (3, 2, "0.000000321")
    assert found(**{count: "true"}) == (2, 2, "0.000000320")
    assert found(**{count: "false"}) == (1, 0, "0.000000001")
    assert found(**{count: "true", "model": "claude", "group_by": "tag:a"}) == (1, 1, "0.000000300")
    answer = client().get("/api/v1/usage", query_string={count: "perhaps"})
    assert (answer.status_code, answer.get_json()["param"]) == (422, count)


def test_no_usage_is_no_rows_and_totals_of_nothing(client: Client) -> None:
    answer = usage(client(), period=NOVEMBER, group_by="model", grain="total")
    assert answer["data"] == []
    assert answer["totals"]["requests"] == 0
    assert answer["totals"]["cost_usd"] == "0.000000000"


def test_the_period_is_this_month_unless_given(booked: Record, client: Client) -> None:
    booked()
    booked(datetime.now(UTC) - timedelta(days=70))
    assert usage(client())["totals"]["requests"] == 1


@pytest.mark.parametrize("nanos", [1, 10**9 + 1, 10**19, 10**20 - 1])
def test_money_is_exact_to_the_nano_dollar(booked: Record, client: Client, nanos: int) -> None:
    for _ in range(3):
        booked(NOON, {"cost_nanos": nanos})
    answer = usage(client(), period=NOVEMBER)
    exact = f"{3 * nanos // 10**9}.{3 * nanos % 10**9:09d}"
    assert answer["totals"]["cost_usd"] == answer["data"][0]["cost_usd"] == exact
    assert Decimal(exact) * 10**9 == 3 * nanos


@pytest.mark.parametrize("group", ["project", "key", "user", "model", "provider", "status", "mode"])
def test_every_dimension_can_be_grouped_and_filtered_by(
    booked: Record, client: Client, group: str
) -> None:
    one: dict[str, Any] = {"user": "usr_a", "key": "key_a", "project": "p_a", "model": "m_a"}
    booked(NOON, {"provider": "other", "status": "lost"}, mode="test", **one)
    booked(NOON)
    rows = usage(client(), period=NOVEMBER, group_by=group, mode="all", grain="total")["data"]
    assert len(rows) == 2
    value = next(row[group] for row in rows if row[group])
    found = usage(client(), period=NOVEMBER, **{"mode": "all", group: value})
    assert found["totals"]["requests"] == 1


def test_tags_can_be_grouped_by(booked: Record, client: Client) -> None:
    booked(NOON, tags={"team": "blue", "odd name%": "x"})
    booked(NOON, tags={"team": "red"})
    booked(NOON)
    rows = usage(client(), period=NOVEMBER, group_by="tag:team,model", grain="total")["data"]
    assert [(row["tag:team"], row["requests"]) for row in rows] == [
        ("blue", 1), ("red", 1), (None, 1),
    ]  # fmt: skip
    rows = usage(client(), period=NOVEMBER, group_by="tag:odd name%", grain="total")["data"]
    assert [(row["tag:odd name%"], row["requests"]) for row in rows] == [("x", 1), (None, 2)]


def test_a_day_is_the_zones_own(booked: Record, client: Client) -> None:
    booked(datetime(2026, 11, 1, 18, 29, 59, tzinfo=UTC))
    booked(datetime(2026, 11, 1, 18, 30, tzinfo=UTC))
    assert buckets(client(), period="2026-11-01/P3D", timezone="Asia/Kolkata") == {
        "2026-11-01T00:00:00+05:30": 1,
        "2026-11-02T00:00:00+05:30": 1,
    }
    assert buckets(client(), period="2026-11-01/P3D", timezone="Asia/Kathmandu") == {
        "2026-11-02T00:00:00+05:45": 2
    }
    assert buckets(client(), period="2026-11-01/P3D") == {"2026-11-01T00:00:00Z": 2}


def test_a_day_on_which_summer_time_ends_has_25_hours(booked: Record, client: Client) -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for hour in range(26):
        booked(start + timedelta(hours=hour, minutes=30))
    berlin = {"period": "2026-10-25/P2D", "timezone": "Europe/Berlin"}
    assert buckets(client(), **berlin) == {
        "2026-10-25T00:00:00+02:00": 25,
        "2026-10-26T00:00:00+01:00": 1,
    }
    hours = buckets(client(), grain="hour", **berlin)
    assert hours["2026-10-25T02:00:00+02:00"] == hours["2026-10-25T02:00:00+01:00"] == 1
    assert len(hours) == 26


def test_a_day_that_begins_with_summer_time_begins_at_one(booked: Record, client: Client) -> None:
    booked(datetime(2026, 9, 6, 4, 30, tzinfo=UTC))
    found = buckets(client(), period="2026-09-06/P1D", timezone="America/Santiago")
    assert found == {"2026-09-06T01:00:00-03:00": 1}


def test_months_and_totals_are_buckets_of_the_zone(booked: Record, client: Client) -> None:
    booked(datetime(2026, 9, 30, 22, 30, tzinfo=UTC))
    booked(datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    berlin = {"period": "2026-09-01/P1Y", "timezone": "Europe/Berlin"}
    assert buckets(client(), grain="month", **berlin) == {
        "2026-10-01T00:00:00+02:00": 1,
        "2026-11-01T00:00:00+01:00": 1,
    }
    assert buckets(client(), grain="total", **berlin) == {"2026-09-01T00:00:00+02:00": 2}


moments = st.integers(0, 3 * 24 * 3600)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    opened=st.lists(moments, max_size=12),
    ends=st.tuples(moments, moments).map(sorted).filter(lambda pair: pair[0] < pair[1]),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]),
    group=st.sampled_from(["model", "tag:team"]),
)
def test_a_period_of_any_two_moments_counts_exactly_what_was_opened_in_it(
    engine: Any,
    booked: Record,
    client: Client,
    opened: list[int],
    ends: list[int],
    zone: str,
    group: str,
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE ledger, rollups")
    origin = datetime(2026, 10, 3, tzinfo=UTC)
    times = [origin + timedelta(seconds=second) for second in opened]
    for moment in times:
        booked(moment)
    start, end = (origin + timedelta(seconds=second) for second in ends)
    period = f"{start.isoformat()}/{end.isoformat()}"
    expected: dict[str, int] = {}
    for moment in times:
        if start <= moment < end:
            day = f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
            expected[day] = expected.get(day, 0) + 1
    rows = usage(client(), period=period, timezone=zone, group_by=group)["data"]
    assert {row["bucket"][:10]: row["requests"] for row in rows} == expected


def test_live_and_test_mode_are_apart(booked: Record, client: Client) -> None:
    booked(NOON)
    booked(NOON, mode="test", model="only-test")
    key = {"key": "key_1", "user": None, "project": "proj_1", "mode": "test"}

    def models(caller: FlaskClient, **more: str) -> list[str]:
        return [
            row["model"] for row in usage(caller, period=NOVEMBER, group_by="model", **more)["data"]
        ]

    assert models(client()) == ["gpt-4o-mini"]
    assert models(client(), mode="test") == ["only-test"]
    assert models(client(), mode="all") == ["gpt-4o-mini", "only-test"]
    assert models(client(**key)) == ["only-test"]
    live = {**key, "mode": "live"}
    assert models(client(**live), mode="test") == ["only-test"]


def test_nobody_sees_another_organisations_usage(booked: Record, client: Client) -> None:
    booked(NOON)
    assert usage(client(org="org_other"), period=NOVEMBER)["totals"]["requests"] == 0
    assert usage(client(), period=NOVEMBER)["totals"]["requests"] == 1


def test_a_key_sees_its_own_project_and_no_other(booked: Record, client: Client) -> None:
    booked(NOON)
    booked(NOON, project="proj_2")
    key = client(key="key_1", user=None, project="proj_2")
    assert usage(key, period=NOVEMBER)["totals"]["requests"] == 1
    refused = key.get("/api/v1/usage?project=proj_1")
    assert refused.status_code == 422
    assert refused.get_json()["param"] == "project"


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("grain=week", "grain"), ("group_by=colour", "group_by"), ("group_by=tag:", "group_by"),
        ("group_by=model,model", "group_by"), ("period=yesterday", "period"),
        ("timezone=Mars", "timezone"), ("mode=both", "mode"), ("status=fine", "status"),
        ("groupby=model", "groupby"), ("period=2026-11-02/2026-11-01", "period"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_422_and_named(client: Client, query: str, param: str) -> None:
    answer = client().get(f"/api/v1/usage?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["param"] == param


def test_usage_needs_its_permission_and_an_assertion(client: Client) -> None:
    assert client(scope="reports:read").get("/api/v1/usage").status_code == 403
    stranger = client()
    stranger.environ_base.pop("HTTP_AUTHORIZATION")
    assert stranger.get("/api/v1/usage").status_code == 401
