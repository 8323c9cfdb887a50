"""A model that nobody knows is 404, whatever the limits of who asks for it."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.gateway.test_upper_bound import PRICE, asked
from tollgate_common.errors import BadRequest, DependencyDown, TollgateError
from tollgate_common.principal import Limit, Principal, Subject
from tollgate_common.relay import RelayClient
from tollgate_common.request_ids import RequestIds
from tollgate_common.tickets import TicketBook
from tollgate_gateway.inference.errors import ModelNotFound
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.model_facts import ModelFactsClient
from tollgate_gateway.tickets.service import Asked, Open, TicketOffice

CHAT = "/v1/chat/completions"
TOLD = "The model `m` does not exist. It is routed to `gone`, which is not set up."
UNKNOWN = {"code": "model_not_found", "detail": TOLD, "status": 404}
LIMITS = {
    "none": (),
    "requests": (("requests", "minute", "0"),),
    "tokens": (("tokens", "day", "1"),),
    "cost": (("cost_usd", "total", "1.00"),),
    "all": (("concurrency", "total", "1"), ("tokens", "hour", "9"), ("cost_usd", "month", "0")),
}


class Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()

    def read(self) -> bytes:
        return self._body


class Llm(RelayClient):
    """Answers the next of its answers, and the last one from then on."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def send(self, *_: Any, **__: Any) -> Any:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def opened(redis: Redis, llm: Llm, limits: Any = (), path: str = CHAT, **body: Any) -> Open:
    found = tuple(
        Limit(f"lim_{metric}", Subject("org", "o"), metric, window, most)
        for metric, window, most in limits
    )
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0, limits=found,
    )  # fmt: skip
    office = TicketOffice(TicketBook(redis, "gateway"), Bounds(ModelFactsClient(llm), 100))
    sent = json.dumps({"model": "m", **body}).encode()
    return office.open(
        principal, Asked(RequestIds("req_1"), path, "openai", asked(path, **body), sent, {})
    )


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("path", [CHAT, "/v1/embeddings", "/v1/images/generations"])
def test_it_is_404_in_llms_own_words(redis_client: Redis, limits: Any, path: str) -> None:
    with pytest.raises(ModelNotFound) as refused:
        opened(redis_client, Llm(Answer(404, UNKNOWN)), limits, path)
    assert (refused.value.http_status, refused.value.error_code) == (404, "model_not_found")
    assert (refused.value.detail, refused.value.param) == (TOLD, "model")
    assert not redis_client.keys("ticket*")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", {"code": "not_found", "detail": "no"}])
def test_a_404_that_does_not_speak_of_the_model_is_told_in_our_words(
    redis_client: Redis, body: Any
) -> None:
    with pytest.raises(ModelNotFound) as refused:
        opened(redis_client, Llm(Answer(404, body)), LIMITS["cost"])
    assert "`m` does not exist" in refused.value.detail


def test_a_model_that_has_just_been_set_up_is_known_at_once(redis_client: Redis) -> None:
    llm = Llm(Answer(404, UNKNOWN), Answer(200, {"price": PRICE}))
    bounds = Bounds(ModelFactsClient(llm), 100)
    office = TicketOffice(TicketBook(redis_client, "gateway"), bounds)
    limit = Limit("lim_1", Subject("org", "o"), "cost_usd", "total", "1.00")
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0, limits=(limit,),
    )  # fmt: skip
    request = Asked(
        RequestIds("req_1"), CHAT, "openai", asked(CHAT, max_tokens=1), b'{"model":"m"}', {}
    )
    with pytest.raises(ModelNotFound):
        office.open(principal, request)
    assert office.open(principal, request).ticket.model == "m"


@pytest.mark.parametrize("status", [401, 403, 422, 500, 503])
def test_anything_else_that_llm_answers_is_no_word_about_the_model(
    redis_client: Redis, status: int
) -> None:
    llm = Llm(Answer(status, UNKNOWN))
    with pytest.raises(DependencyDown):
        opened(redis_client, llm, LIMITS["tokens"])
    assert opened(redis_client, llm).ticket.model == "m"


def test_a_body_that_is_no_json_to_its_end_is_told_so(redis_client: Redis) -> None:
    llm = Llm(Answer(200, {"price": PRICE}))
    limit = Limit("lim_1", Subject("org", "o"), "cost_usd", "total", "1.00")
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0, limits=(limit,),
    )  # fmt: skip
    office = TicketOffice(TicketBook(redis_client, "gateway"), Bounds(ModelFactsClient(llm), 100))
    broken = b'{"model":"m","messages":[{"role":"user","content":[{"text":"\xff"}]}]}'
    request = Asked(RequestIds("req_1"), CHAT, "openai", asked(CHAT, max_tokens=1), broken, {})
    with pytest.raises(TollgateError) as refused:
        office.open(principal, request)
    assert isinstance(refused.value, BadRequest)
    assert (refused.value.error_code, refused.value.param) == ("invalid_json", "body")
