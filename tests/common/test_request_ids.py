"""Whose id names a request: ours, always; the caller's is kept beside it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.request_ids import ids_at_the_edge, ids_inside
from tollgate_common.settings import CommonSettings
from tollgate_common.web import make_app

OURS = re.compile(r"req_[0-9a-f]{32}\Z")


def environ(**headers: str) -> dict[str, str]:
    return {f"HTTP_{name.upper()}": value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        ({}, None),
        ({"x_request_id": "mine"}, "mine"),
        ({"x_client_request_id": "mine"}, "mine"),
        ({"x_client_request_id": "mine", "x_request_id": "a proxy's"}, "mine"),
        ({"x_client_request_id": "  mine  "}, "mine"),
        ({"x_client_request_id": 'order #7: {"a": 1}/b'}, 'order #7: {"a": 1}/b'),
        ({"x_client_request_id": "x" * 128}, "x" * 128),
        ({"x_client_request_id": "x" * 129}, None),
        ({"x_client_request_id": "x" * 129, "x_request_id": "short"}, "short"),
        ({"x_client_request_id": "S\xfcd"}, None),
        ({"x_client_request_id": "a\tb"}, None),
        ({"x_client_request_id": "a\nx-admin: 1"}, None),
        ({"x_client_request_id": "\x1b[2J"}, None),
        ({"x_client_request_id": "   "}, None),
    ],
)
def test_at_the_edge_what_callers_send_is_theirs(sent: dict[str, str], client: str | None) -> None:
    found = ids_at_the_edge(environ(**sent))
    assert OURS.match(found.own)
    assert found.client == client
    assert ids_at_the_edge(environ(**sent)).own != found.own


def test_inside_ours_is_passed_on_and_is_nobody_elses() -> None:
    assert ids_inside(environ(x_request_id="req_1")) == ("req_1", None)
    both = environ(x_request_id="req_1", x_client_request_id="mine")
    assert ids_inside(both) == ("req_1", "mine")
    assert OURS.match(ids_inside(environ(x_request_id="a b")).own)


@given(st.text(), st.text())
def test_whatever_is_sent_no_id_is_other_than_printable(client: str, other: str) -> None:
    found = ids_at_the_edge(environ(x_client_request_id=client, x_request_id=other))
    assert found.client is None or re.fullmatch(r"[ -~]{1,128}", found.client)


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nowhere", "/api/v1/nowhere"])
def test_every_answer_of_the_edge_has_both(path: str) -> None:
    client = make_app("edge", CommonSettings(), is_edge=True).test_client()
    first, second = (client.get(path, headers={"x-request-id": "same"}) for _ in range(2))
    assert first.headers["x-client-request-id"] == "same"
    assert OURS.match(first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    without = client.get(path)
    assert "x-client-request-id" not in without.headers


def test_a_service_behind_it_tells_no_id_of_the_callers() -> None:
    client = make_app("inside", CommonSettings()).test_client()
    sent = {"x-request-id": "req_1", "x-client-request-id": "mine"}
    answer = client.get("/nowhere", headers=sent)
    assert answer.headers["x-request-id"] == "req_1"
    assert "x-client-request-id" not in answer.headers


def test_the_callers_id_is_a_field_of_the_log_and_no_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tollgate_common import logging

    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logging.EventLogger, "note", lambda _, event, **more: lines.append(more))
    client = make_app("edge", CommonSettings(), is_edge=True).test_client()
    odd = '"}, {"level": "CRITICAL", "message": "x'
    client.get("/nowhere", headers={"x-client-request-id": odd})
    assert lines[0]["client_request_id"] == odd
    assert json.loads(json.dumps(lines[0]))["client_request_id"] == odd
