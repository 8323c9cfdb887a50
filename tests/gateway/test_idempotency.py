"""A request with an Idempotency-Key: what runs, what is given again, and what is refused."""

from typing import Any

import msgspec
import pytest
from flask import Response

from tests.gateway.answering import (
    BODY,
    BY_A_PROVIDER,
    CALLER,
    DELTA,
    DONE,
    PATH,
    SAID,
    STREAM,
    Stand,
    answering,
    form,
    sent,
    whole,
)
from tollgate_common.errors import TooMany
from tollgate_gateway.idempotency import recording
from tollgate_gateway.idempotency.errors import AnswerNotKept, InvalidKey, KeyInUse, KeyReused
from tollgate_gateway.idempotency.places import place_of


def test_the_same_request_runs_once_and_is_answered_again(stand: Stand) -> None:
    first, second = stand.ask(), stand.ask()
    assert stand.ran == 1
    assert first[:2] == second[:2] == (200, SAID)
    assert "idempotent-replayed" not in first[2]
    assert second[2] == {
        "content-type": "application/json", "content-length": str(len(SAID)),
        "x-tollgate-cost-usd": "0.000000000", "idempotent-replayed": "true",
        "original-request": "req_1",
    }  # fmt: skip


def test_a_stream_is_one_again(stand: Stand) -> None:
    stand.answer = answering(DELTA, DELTA, DONE, headers=[STREAM])
    first, second = stand.ask(), stand.ask()
    assert stand.ran == 1
    assert first[1] == second[1] == DELTA + DELTA + DONE
    assert second[2]["content-type"] == STREAM[1]
    assert "content-length" not in second[2]


@pytest.mark.parametrize(
    "other",
    [
        {"body": BODY + b" "},
        {"path": "/v1/completions"},
        {"path": f"{PATH}?beta=true"},
        {"headers": {"anthropic-version": "2023-06-01"}},
    ],
    ids=["body", "route", "query", "version"],
)
def test_the_key_of_another_request_is_409(stand: Stand, other: dict[str, Any]) -> None:
    stand.ask()
    with pytest.raises(KeyReused) as refused:
        stand.ask(**other)
    assert refused.value.headers == {"x-should-retry": "false"}
    assert "req_1" in refused.value.detail
    assert stand.ran == 1


@pytest.mark.parametrize("changed", [{"key": "key_2"}, {"org": "org_2"}, {"mode": "test"}])
def test_a_key_is_its_callers_own(stand: Stand, changed: dict[str, str]) -> None:
    stand.ask()
    assert "idempotent-replayed" not in stand.ask(who=msgspec.structs.replace(CALLER, **changed))[2]
    assert stand.ran == 2


def test_a_form_is_the_same_whatever_its_boundary(stand: Stand) -> None:
    stand.ask(**form("one"))
    assert stand.ask(**form("another"))[2]["idempotent-replayed"] == "true"
    with pytest.raises(KeyReused):
        stand.ask(**form("another", "other"))
    assert stand.ran == 1


def test_while_the_first_runs_it_is_409_that_says_when(stand: Stand) -> None:
    running = stand.begin()
    with pytest.raises(KeyInUse) as refused:
        stand.begin()
    assert refused.value.headers == {"retry-after": "1"}
    with pytest.raises(KeyReused):
        stand.begin(body=b"{}")
    assert sent(running) == SAID
    assert stand.ask()[1] == SAID
    assert stand.ran == 1


@pytest.mark.parametrize("key", ["", "with space", "é", "k" * 256, "tab\t"])
def test_what_is_no_key_is_refused_by_the_headers_name(key: str) -> None:
    with pytest.raises(InvalidKey) as refused:
        place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": key})
    assert (refused.value.param, refused.value.http_status) == ("Idempotency-Key", 400)


@pytest.mark.parametrize("key", ["!", "~" * 255, "0193-uuid", "a,b"])
def test_what_is_a_key(key: str) -> None:
    assert place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": key}).org == "org_1"


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_providers_refusal_of_the_request_is_kept(stand: Stand, status: int) -> None:
    stand.answer = answering(b"no", status=status, headers=[BY_A_PROVIDER])
    assert stand.ask()[:2] == stand.ask()[:2] == (status, b"no")
    assert stand.ran == 1


@pytest.mark.parametrize(
    ("status", "headers"),
    [(401, [BY_A_PROVIDER]), (403, [BY_A_PROVIDER]), (408, [BY_A_PROVIDER]), (409, [BY_A_PROVIDER]),
     (429, [BY_A_PROVIDER]), (500, [BY_A_PROVIDER]), (529, [BY_A_PROVIDER]), (400, []), (404, []),
     (499, [])],
)  # fmt: skip
def test_what_may_be_otherwise_next_time_frees_the_key(
    stand: Stand, status: int, headers: list[tuple[str, str]]
) -> None:
    stand.answer = answering(b"no", status=status, headers=headers)
    assert stand.ask()[0] == status
    stand.answer = whole
    assert stand.ask()[1] == SAID
    assert stand.ran == 2


def test_a_refusal_by_a_limit_frees_the_key(stand: Stand) -> None:
    def refuse() -> Response:
        raise TooMany("no", 1)

    stand.answer = refuse
    with pytest.raises(TooMany):
        stand.begin()
    stand.answer = whole
    assert stand.ask()[0] == 200


def test_an_answer_too_large_is_not_kept_and_not_asked_for_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LARGEST_ANSWER", len(SAID) - 1)
    assert stand.ask()[1] == SAID
    with pytest.raises(AnswerNotKept) as refused:
        stand.ask()
    assert refused.value.headers == {"x-should-retry": "false"}
    assert stand.ran == 1
