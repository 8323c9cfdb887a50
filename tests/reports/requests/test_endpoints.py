"""`GET /requests` and `GET /requests/{request_id}`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, 1, 5000, tzinfo=UTC)


def ids(client: FlaskClient, **parameters: str) -> list[str]:
    answer = client.get("/api/v1/requests", query_string=parameters)
    assert answer.status_code == 200
    return [row["id"] for row in answer.get_json()["data"]]


def test_a_request_is_found_by_its_request_id_and_by_its_tickets_id(
    booked: Record, client: Client
) -> None:
    ticket = booked(NOON, request_id="req_x", tags={"team": "blue"})
    body: dict[str, Any] = client().get("/api/v1/requests/req_x").get_json()
    closed_at = body.pop("closed_at")
    assert datetime.fromisoformat(closed_at) > datetime(2026, 1, 1, tzinfo=UTC)
    assert body == {
        "id": ticket, "request_id": "req_x", "client_request_id": None,
        "org": "org_books", "project": "proj_1",
        "key": "key_1", "user": None, "mode": "live", "endpoint": "/v1/chat/completions",
        "dialect": "openai", "model": "gpt-4o-mini", "stream": False, "tags": {"team": "blue"},
        "opened_at": "2026-11-10T12:07:01.005Z", "status": "ok", "provider": "openai",
        "provider_model": "gpt-4o-mini-2024-07-18", "http_status": 200, "input_tokens": 10,
        "output_tokens": 5, "cached_input_tokens": 0, "cache_write_tokens": 0,
        "reasoning_tokens": 0, "lines": None,
        "service_tier": None, "unpriced": False, "capped": False,
        "cost_usd": "0.000004500", "estimated": False, "attempts": 1, "latency_ms": 120,
        "price": {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": "0.60"},
        "first_byte_ms": 80, "error": None,
        "adjusted": False, "adjusted_cost_usd": "0.000004500", "adjustments": [],
    }  # fmt: skip
    assert client().get(f"/api/v1/requests/{ticket}").get_json()["request_id"] == "req_x"


def test_of_a_request_id_that_was_used_again_the_newest_is_found(
    booked: Record, client: Client
) -> None:
    newest = booked(NOON + timedelta(seconds=1))
    booked(NOON)
    assert client().get("/api/v1/requests/req_1").get_json()["id"] == newest


def test_a_request_is_found_by_the_callers_id_the_newest_of_those_that_share_it(
    booked: Record, client: Client
) -> None:
    tickets = [
        booked(
            NOON + timedelta(seconds=number), request_id=f"req_{number}", client_request_id="c/1"
        )
        for number in range(3)
    ]
    booked(NOON, client_request_id="c/2")
    assert ids(client(), client_request_id="c/1") == tickets[::-1]
    assert ids(client(), client_request_id="c") == []
    assert client().get("/api/v1/requests/req_0").get_json()["client_request_id"] == "c/1"
    newest = booked(NOON + timedelta(hours=1), client_request_id="mine")
    booked(NOON, client_request_id="mine")
    assert client().get("/api/v1/requests/mine").get_json()["id"] == newest


def test_nobody_hides_a_request_by_calling_another_so(booked: Record, client: Client) -> None:
    ticket = booked(NOON, request_id="req_hidden")
    for later, name in enumerate(("req_hidden", ticket), start=1):
        booked(NOON + timedelta(hours=later), request_id=f"req_{later}", client_request_id=name)
    for name in ("req_hidden", ticket):
        assert client().get(f"/api/v1/requests/{name}").get_json()["id"] == ticket


@pytest.mark.parametrize("identity", ["req_unknown", "0193ffff-0000-7000-8000-000000000000"])
def test_an_unknown_request_is_404(client: Client, identity: str) -> None:
    answer = client().get(f"/api/v1/requests/{identity}")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "request_not_found"


def test_nobody_sees_another_organisations_or_a_key_another_projects_requests(
    booked: Record, client: Client
) -> None:
    booked(NOON)
    for other in (client(org="org_other"), client(key="key_2", user=None, project="proj_2")):
        assert other.get("/api/v1/requests/req_1").status_code == 404
        assert ids(other) == []
    assert len(ids(client())) == 1


def test_pages_go_from_the_newest_to_the_oldest_and_miss_none(
    booked: Record, client: Client
) -> None:
    tickets = [booked(NOON + timedelta(days=20 * (number // 3))) for number in range(8)]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = client().get("/api/v1/requests", query_string=query).get_json()
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert sorted(found) == sorted(tickets)
    assert [found[place][:8] for place in range(8)] == sorted(
        (ticket[:8] for ticket in tickets), reverse=True
    )


def test_requests_are_filtered(booked: Record, client: Client) -> None:
    wanted = booked(NOON, {"status": "lost"}, model="m1", user="usr_2")
    booked(NOON)
    booked(NOON, mode="test")
    for query in ({"status": "lost"}, {"model": "m1"}, {"user": "usr_2"}):
        assert ids(client(), **query) == [wanted]
    assert len(ids(client())) == 2
    assert len(ids(client(), mode="all")) == 3
    assert len(ids(client(), period="2026-11-10T12:07:02Z/P1D")) == 0


@pytest.mark.parametrize(
    ("outcome", "ticket", "query"),
    [
        ({}, {"endpoint": "/v1/embeddings"}, {"endpoint": "/v1/embeddings"}),
        ({}, {"dialect": "anthropic"}, {"dialect": "anthropic"}),
        ({}, {"stream": True}, {"stream": "true"}),
        ({"provider_model": "gpt-x"}, {}, {"provider_model": "gpt-x"}),
        ({"http_status": 429}, {}, {"http_status": "429"}),
        ({"service_tier": "flex"}, {}, {"service_tier": "flex"}),
        ({"error": "timeout"}, {}, {"error": "timeout"}),
        ({}, {"tags": {"team": "blue"}}, {"tag": "team=blue"}),
        ({}, {"tags": {"a": "1", "b": "2", "c": "="}}, {"tag": "c==, b=2"}),
        ({}, {"key": "key_9", "tags": {"a": ""}}, {"key": "key_9", "tag": "a="}),
    ],
    ids=lambda part: ",".join(part),
)
def test_requests_are_filtered_by_what_a_row_shows(
    booked: Record, client: Client, outcome: dict[str, Any], ticket: dict[str, Any],
    query: dict[str, str],
) -> None:  # fmt: skip
    wanted = booked(NOON, outcome, **ticket)
    booked(NOON, tags={"team": "red", "a": "1"})
    assert ids(client(), **query) == [wanted]


def test_filters_go_with_a_cursor(booked: Record, client: Client) -> None:
    wanted = [booked(NOON + timedelta(minutes=n), tags={"team": "blue"}) for n in range(3)]
    booked(NOON)
    query = {"tag": "team=blue", "limit": "2"}
    first = client().get("/api/v1/requests", query_string=query).get_json()
    assert [row["id"] for row in first["data"]] == wanted[:0:-1]
    assert ids(client(), **query, cursor=first["next_cursor"]) == [wanted[0]]


@pytest.mark.parametrize(
    ("query", "param"),
    [("tag=blue", "tag"), ("tag==blue", "tag"), ("http_status=99", "http_status"),
     ("stream=perhaps", "stream"), ("dialect=french", "dialect"), ("model=a&model=b", "model"),
     ("limit=0", "limit"), ("cursor=x", "cursor"), ("cursor=MjAyNiB4", "cursor"),
     ("period=x", "period"), ("colour=blue", "colour"), ("status=x", "status"),
     ("model=%00", "model"), ("cursor=%00", "cursor"), ("cursor=", "cursor")],
)  # fmt: skip
def test_a_wrong_parameter_is_422_and_named(client: Client, query: str, param: str) -> None:
    answer = client().get(f"/api/v1/requests?{query}")
    assert (answer.status_code, answer.get_json()["param"]) == (422, param)


def test_estimates_can_be_told_apart(booked: Record, client: Client) -> None:
    exact, estimate = booked(NOON), booked(NOON, {"estimated": True})
    assert ids(client(), estimated="true") == [estimate]
    assert ids(client(), estimated="false") == [exact]
    assert sorted(ids(client())) == sorted([exact, estimate])
    answer = client().get("/api/v1/requests", query_string={"estimated": "perhaps"})
    assert (answer.status_code, answer.get_json()["param"]) == (422, "estimated")


@pytest.mark.parametrize("mark", ["estimated", "unpriced", "capped"])
def test_requests_are_told_apart_by_their_marks(booked: Record, client: Client, mark: str) -> None:
    without, marked = booked(NOON), booked(NOON, {mark: True})
    assert ids(client(), **{mark: "true"}) == [marked]
    assert ids(client(), **{mark: "false"}) == [without]
    row = client().get(f"/api/v1/requests/{marked}").get_json()
    assert row[mark] is True
    answer = client().get("/api/v1/requests", query_string={mark: "perhaps"})
    assert (answer.status_code, answer.get_json()["param"]) == (422, mark)
