"""What a vendor charges by the piece is reserved at the most of it, or refused by name."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.gateway.test_upper_bound import PRICE, FakeLlm, asked
from tollgate_common.errors import TollgateError
from tollgate_common.money import to_nanos
from tollgate_common.principal import Limit, Principal, Subject
from tollgate_common.request_ids import RequestIds
from tollgate_common.tickets import ReservedLine, TicketBook
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.model_facts import ModelFactsClient
from tollgate_gateway.tickets.service import Asked, Open, TicketOffice

RESPONSES, MESSAGES, CHAT = "/v1/responses", "/v1/messages", "/v1/chat/completions"
FEES = {"web_searches": "0.01", "file_searches": "0.0025", "code_sessions": "0.03"}
FACTS: dict[str, Any] = {"price": PRICE, "fees": FEES, "reads": {"stated": 100}}
CLAUDES = {"type": "web_search_20250305", "name": "web_search"}
OPENAIS = {"type": "web_search"}


def opened(redis: Redis, path: str, metric: str = "cost_usd", **body: Any) -> Open:
    facts = body.pop("facts", FACTS)
    limit = Limit("lim_1", Subject("org", "o"), metric, "total", "100000")
    principal = Principal(
        org="o",
        mode="test",
        scopes=(),
        models=("*",),
        version=1,
        assertion="a",
        assertion_expires_at=0,
        limits=(limit,),
    )
    bounds = Bounds(ModelFactsClient(FakeLlm(**facts)), 100)
    sent = json.dumps({"model": "m", **body}).encode()
    request = Asked(RequestIds("req_1"), path, "openai", asked(path, **body), sent, {})
    return TicketOffice(TicketBook(redis, "gateway"), bounds).open(principal, request)


def fees_of(ticket: Open) -> list[ReservedLine]:
    lines = [ReservedLine(*line) for line in ticket.hold.bound.lines]
    return [line for line in lines if line.kind not in ("input", "output")]


class TestReservedFees:
    @pytest.mark.parametrize(
        ("path", "body", "line"),
        [
            (MESSAGES, {"tools": [CLAUDES | {"max_uses": 5}]}, ("web_searches", 5, "0.01")),
            (RESPONSES, {"tools": [OPENAIS], "max_tool_calls": 3}, ("web_searches", 3, "0.01")),
            (
                RESPONSES,
                {"tools": [{"type": "file_search"}], "max_tool_calls": 4},
                ("file_searches", 4, "0.0025"),
            ),
            (RESPONSES, {"tools": [{"type": "code_interpreter"}]}, ("code_sessions", 1, "0.03")),
        ],
    )
    def test_a_tool_is_reserved_at_the_most_of_its_uses(
        self, redis_client: Redis, path: str, body: dict[str, Any], line: tuple[str, int, str]
    ) -> None:
        ticket = opened(redis_client, path, max_tokens=10, max_output_tokens=10, **body)
        assert [tuple(each)[:3] for each in fees_of(ticket)] == [line]
        tokens = ticket.hold.bound.cost_nanos - line[1] * to_nanos(line[2])
        assert tokens == ticket.hold.bound.input_tokens * 1000 + 10 * 2000

    def test_a_call_that_is_charged_by_itself_is_reserved(self, redis_client: Redis) -> None:
        facts = {"price": PRICE, "fees": {"requests": "0.014"}}
        ticket = opened(redis_client, CHAT, messages=[], max_tokens=10, facts=facts)
        assert [tuple(each)[:3] for each in fees_of(ticket)] == [("requests", 1, "0.014")]

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            (MESSAGES, {"tools": [CLAUDES]}),
            (MESSAGES, {"tools": [CLAUDES | {"max_uses": 0}]}),
            (MESSAGES, {"tools": [CLAUDES | {"max_uses": True}]}),
            (MESSAGES, {"tools": [CLAUDES | {"max_uses": "9"}]}),
            (RESPONSES, {"tools": [{"type": "file_search"}]}),
        ],
    )
    def test_without_a_most_it_is_refused_under_a_limit_on_cost_only(
        self, redis_client: Redis, path: str, body: dict[str, Any]
    ) -> None:
        with pytest.raises(TollgateError) as refused:
            opened(redis_client, path, max_tokens=10, **body)
        assert (refused.value.http_status, refused.value.param) == (400, "tools")
        assert refused.value.error_code == "unbounded_request"
        assert "max_uses" in refused.value.detail
        assert opened(redis_client, path, "tokens", max_tokens=10, **body).ticket.model == "m"

    def test_a_fee_that_nobody_knows_is_refused(self, redis_client: Redis) -> None:
        facts = FACTS | {"fees": {}}
        with pytest.raises(TollgateError) as refused:
            opened(
                redis_client,
                MESSAGES,
                tools=[CLAUDES | {"max_uses": 1}],
                max_tokens=10,
                facts=facts,
            )
        assert refused.value.error_code == "unpriced_model"
        assert "web_search_20250305" in refused.value.detail


class TestRunsOfTheModel:
    def test_compaction_may_write_up_to_the_cap_once_more(self, redis_client: Redis) -> None:
        edits = {"edits": [{"type": "compact_20260112"}]}
        plain = opened(redis_client, MESSAGES, max_tokens=500)
        compacting = opened(redis_client, MESSAGES, max_tokens=500, context_management=edits)
        assert plain.hold.bound.output_tokens == 500
        assert compacting.hold.bound.output_tokens == 1_000
