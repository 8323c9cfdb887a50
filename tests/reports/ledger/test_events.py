"""The compiled check of usage events is the published JSON Schema's."""

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollgate_common.events.cloudevents import MalformedEvent, check_data
from tollgate_common.events.streams import Entry
from tollgate_common.tickets.book import USAGE
from tollgate_reports.ledger.events import Event, read_usage

TICKET = {
    "id": "0190b0c0-0000-7000-8000-000000000000", "request_id": "req_1", "org": "org_1",
    "project": None, "key": "key_1", "user": None, "mode": "live", "endpoint": "/v1/messages",
    "dialect": "anthropic", "model": "m", "stream": True, "tags": {"team": "blue"},
    "opened_at": "2026-11-03T10:00:00.000Z", "client_request_id": "mine",
}  # fmt: skip
LINE = {
    "model": "m-1",
    "kind": "input",
    "quantity": 1,
    "unit": "token",
    "unit_price_usd": "0.000000005",
    "factors": [{"name": "geo", "factor": "1"}],
    "cost_usd": "0.000000005",
}
OUTCOME = {
    "status": "ok", "provider": "p", "provider_model": "m-1", "http_status": 200,
    "input_tokens": 1, "output_tokens": 2, "cached_input_tokens": 0, "cache_write_tokens": 0,
    "reasoning_tokens": 0, "cost_nanos": 5, "price": {"a": "1"}, "estimated": False,
    "attempts": 1, "latency_ms": 3, "first_byte_ms": 1, "error": None, "service_tier": "flex",
    "unpriced": False, "capped": False, "lines": [LINE],
}  # fmt: skip
DATA = {"ticket": TICKET, "outcome": OUTCOME, "closed_at": "2026-11-03T10:00:01.000Z"}

PLACES = [
    *(("ticket", name) for name in (*TICKET, "colour")),
    *(("outcome", name) for name in (*OUTCOME, "mood")),
    ("ticket",), ("outcome",), ("closed_at",), ("more",), ("ticket", "tags", "team"),
    ("outcome", "price", "a"), *(("outcome", "lines", 0, name) for name in (*LINE, "size")),
    ("outcome", "lines", 0),
    *(("outcome", "lines", 0, "factors", 0, name) for name in ("name", "factor")),
]  # fmt: skip

values = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.integers(-(2**70), 2**70),
    st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.0]), st.text(max_size=5),
    st.sampled_from(["live", "ok", "lost", "openai", "x" * 128, "x" * 129, "é" * 128,
                     f"{TICKET['id']}\n", str(TICKET["id"]).replace("7000", "4000"),
                     "input", "token", "pages", "1.5", "-0.000000001", "1e3", "0.1234567890", ".5",
                     "2026-11-03T10:00:00Z\n", "2026-11-03 10:00:00Z", "2026-11-03T1.:Z"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.text(max_size=3)),
    st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=2),
)  # fmt: skip
REMOVED = object()
changes = st.lists(st.tuples(st.sampled_from(PLACES), values | st.just(REMOVED)), max_size=3)


def member(holder: Any, name: Any) -> Any:
    """Return what an object or a list has there, None if there is nothing."""
    if isinstance(name, int):
        return holder[name] if isinstance(holder, list) and name < len(holder) else None
    return holder.get(name) if isinstance(holder, dict) else None


def changed(made: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    data: Any = copy.deepcopy(DATA)
    for path, value in made:
        holder = data
        for name in path[:-1]:
            holder = member(holder, name)
        if not isinstance(holder, list if isinstance(path[-1], int) else dict) or not holder:
            continue
        if value is REMOVED:
            holder.pop(path[-1]) if member(holder, path[-1]) is not None else None
        else:
            holder[path[-1]] = value
    return dict(data)


def event(data: dict[str, Any]) -> bytes:
    envelope = {"specversion": "1.0", "id": "1", "source": "s", "type": USAGE, "data": data}
    return json.dumps(envelope).encode()


def refused(check: Callable[[], object]) -> bool:
    try:
        check()
    except MalformedEvent:
        return True
    return False


@settings(max_examples=1500, deadline=None)
@given(changes)
def test_the_compiled_check_refuses_what_the_schema_refuses_and_nothing_else(
    made: list[tuple[tuple[str, ...], Any]],
) -> None:
    data = changed(made)
    by_schema = refused(lambda: check_data(USAGE, data))
    assert refused(lambda: read_usage(event(data))) == by_schema


def test_events_as_they_are_written_pass_without_the_schema(
    record: Callable[..., str], waiting: Callable[[], list[Entry]]
) -> None:
    ticket = record(user="usr_1", tags={"a": "b"})
    (entry,) = waiting()
    assert msgspec.json.decode(entry.raw, type=Event).data.ticket.id == ticket
    assert read_usage(event(DATA)).outcome.cost_nanos == 5


@pytest.mark.parametrize(
    "change",
    [{"specversion": "0.3"}, {"id": ""}, {"source": ""}, {"type": "key.changed"}, {"data": None}],
)
def test_the_envelope_is_checked_too(change: dict[str, Any]) -> None:
    raw = json.dumps({**json.loads(event(DATA)), **change}).encode()
    with pytest.raises(MalformedEvent):
        read_usage(raw)


@pytest.mark.parametrize("raw", [b'{"id":"\xff"}', b"[" * 99_999, b'{"id":"\\ud800"}', b"1" * 9999])
def test_what_no_parser_reads_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_usage(raw)
