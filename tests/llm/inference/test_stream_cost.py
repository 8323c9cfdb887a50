"""A stream tells its cost only to those who ask, after everything that it has to say."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_relay import COST, DONE, HI, USAGE, send
from tests.llm.inference.test_translated import ASKED, ask
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.money import usd_text

ASKING = {"x-tollgate-stream-cost": "comment"}
COMMENT = f": tollgate-cost-usd {usd_text(COST)}\n\n".encode()
STREAMED = json.dumps({"model": "here", "stream": True, "messages": []}).encode()


def relayed(stand: Stand, org: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    _, answer, connection = send(stand, org, STREAMED, **headers)
    content = answer.read()
    connection.close()
    return answer.status, content, {name.lower(): value for name, value in answer.getheaders()}


def script(provider: Provider, last: bytes = USAGE + DONE) -> list[Any]:
    return [provider.streams(), provider.chunk(HI), provider.chunk(last), b"0\r\n\r\n"]


class TestStreamCost:
    def test_it_is_the_last_thing_of_a_relayed_stream(
        self, stand: Stand, org: str, provider: Provider
    ) -> None:
        provider.script = script(provider)
        plain = relayed(stand, org)[1]
        status, content, _ = relayed(stand, org, **ASKING)
        assert (status, content) == (200, plain + COMMENT)
        assert b"tollgate" not in plain
        assert not any("stream-cost" in name for name in provider.received[-1].headers)

    def test_it_is_the_last_thing_of_a_translated_stream(
        self, stand: Stand, org: str, provider: Provider
    ) -> None:
        provider.script = script(provider)
        _, _, content = ask(stand, org, ASKED | {"stream": True}, **ASKING)
        assert content.endswith(b"\n\n" + COMMENT)
        assert b"message_stop" in content

    def test_an_unfinished_last_event_is_not_touched(
        self, stand: Stand, org: str, provider: Provider
    ) -> None:
        provider.script = script(provider, USAGE + b"data: [DONE]")
        assert relayed(stand, org, **ASKING)[1].endswith(b"data: [DONE]\n\n" + COMMENT)

    def test_a_whole_answer_has_it_in_a_header_as_ever(
        self, stand: Stand, org: str, provider: Provider
    ) -> None:
        body = b'{"usage":{"prompt_tokens":100,"completion_tokens":10}}'
        provider.script = [provider.answers(body)]
        assert relayed(stand, org, **ASKING)[1] == body

    @pytest.mark.parametrize("value", ["", "header", "comment,comment"])
    def test_any_other_way_is_refused_by_name(
        self, stand: Stand, org: str, provider: Provider, value: str
    ) -> None:
        status, content, _ = relayed(stand, org, **{"x-tollgate-stream-cost": value})
        assert status == 400
        assert json.loads(content)["error"]["param"] == "x-tollgate-stream-cost"
        assert provider.received == []

    def test_an_answer_out_of_the_cache_costs_nothing(
        self, stand: Stand, org: str, provider: Provider
    ) -> None:
        provider.script = script(provider)
        cached = {"x-tollgate-cache": "max-age=60"}
        first = relayed(stand, org, **ASKING, **cached)[1]
        assert first.endswith(COMMENT)
        assert eventually(lambda: list(stand.redis.scan_iter(f"llm:cache:{org}:*")))
        _, content, headers = relayed(stand, org, **ASKING, **cached)
        assert headers["x-tollgate-cache"] == "hit"
        assert content == first.removesuffix(COMMENT) + b": tollgate-cost-usd 0.000000000\n\n"
        assert relayed(stand, org, **cached)[1] == first.removesuffix(COMMENT)
