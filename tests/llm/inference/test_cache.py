"""The exact cache: the same answer to the same request, for those who ask, and for nothing."""

import base64
import json
from typing import Any

import pytest
from redis import Redis

from tests.llm.inference.test_relay import ANSWER, CHAT, DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.sealing import SealBroken
from tollgate_llm.inference.cache import AnswerCache, Kept
from tollgate_llm.inference.cache_places import CachedRequest, CacheScope, Place

CACHE = {"x-tollgate-cache": "max-age=60"}
BODY = b'{"model":"here","messages":[{"role":"user","content":"a"}],"temperature":0}'
REORDERED = b'{"temperature": 0, "messages":[{"content":"a","role":"user"}], "model":"here"}'
STREAMED = b'{"model":"here","stream":true,"messages":[]}'


def ask(
    stand: Stand, org: str, body: bytes = BODY, headers: dict[str, str] | None = None
) -> tuple[str, Any, bytes]:
    ticket, answer, connection = send(stand, org, body, **(CACHE | (headers or {})))
    content = answer.read()
    connection.close()
    return ticket, answer, content


def test_the_same_request_is_answered_again_without_the_provider(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    _, first, content = ask(stand, org)
    assert (first.headers["x-tollgate-cache"], content) == ("miss", ANSWER)
    ticket, second, content = ask(stand, org, REORDERED)
    assert (second.status, content) == (200, ANSWER)
    assert second.headers["x-tollgate-cache"] == "hit"
    assert second.headers["x-tollgate-cost-usd"] == "0.000000000"
    assert second.headers["content-type"] == "application/json"
    assert len(provider.received) == 1
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["provider"], outcome["cost_nanos"]) == ("ok", "cache", 0)


def test_a_stream_is_replayed_as_a_stream(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.streams(), provider.chunk(HI + USAGE + DONE), b"0\r\n\r\n"]
    _, _, first = ask(stand, org, STREAMED)
    _, answer, second = ask(stand, org, STREAMED)
    assert first == second == HI + DONE
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-tollgate-cache"] == "hit"


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY.replace(b'"a"', b'"b"')},
        {"headers": {"anthropic-beta": "x"}},
        {"headers": {"openai-beta": "x"}},
    ],
)
def test_another_request_is_another(
    stand: Stand, org: str, provider: Provider, change: dict[str, Any]
) -> None:
    provider.script = [provider.answers(ANSWER)]
    ask(stand, org)
    _, answer, _ = ask(stand, org, **change)
    assert answer.headers["x-tollgate-cache"] == "miss"
    assert len(provider.received) == 2


def test_nobody_gets_it_without_asking(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(ANSWER)]
    ask(stand, org)
    _, answer, connection = send(stand, org, BODY)
    connection.close()
    assert "x-tollgate-cache" not in answer.headers
    assert len(provider.received) == 2


@pytest.fixture
def cached(stand: Stand, org: str, provider: Provider) -> Provider:
    """`here` is set up with a cache."""
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    body = {"routes": [{"provider": "own", "model": "there"}], "cache": {"max_age": 60}}
    put = stand.manage("PUT", "/api/v1/models/here", org, json=body)
    assert put.json()["cache"] == {"max_age": 60}
    return provider


def plain(stand: Stand, org: str, **headers: str) -> Any:
    """How the cache has marked the answer."""
    _, answer, connection = send(stand, org, BODY, **headers)
    assert answer.read() == ANSWER
    connection.close()
    return answer.headers["x-tollgate-cache"]


def test_a_model_can_be_set_up_with_it(stand: Stand, org: str, cached: Provider) -> None:
    assert plain(stand, org) == "miss"
    assert plain(stand, org) == "hit"
    assert len(cached.received) == 1


def test_a_request_can_do_without_its_models_cache(
    stand: Stand, org: str, cached: Provider
) -> None:
    no_store = {"x-tollgate-cache": "no-store"}
    assert plain(stand, org, **no_store) is None
    assert plain(stand, org) == "miss"  # the one before has left nothing
    assert plain(stand, org, **no_store) is None
    assert len(cached.received) == 3


def test_a_requests_own_age_goes_before_its_models(
    stand: Stand, org: str, cached: Provider
) -> None:
    assert plain(stand, org, **{"x-tollgate-cache": "max-age=7200"}) == "miss"
    (key,) = eventually(lambda: list(stand.redis.scan_iter(f"llm:cache:{org}:*")))
    assert stand.redis.ttl(key) > 60
    assert len(cached.received) == 1


def test_a_model_without_a_cache_again_has_none(stand: Stand, org: str, cached: Provider) -> None:
    plain(stand, org)
    body = {"routes": [{"provider": "own", "model": "there"}], "cache": None}
    assert stand.manage("PUT", "/api/v1/models/here", org, json=body).json()["cache"] is None
    assert plain(stand, org) is None
    assert len(cached.received) == 2


def test_errors_and_broken_answers_are_not_kept(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(b"{}", status="400 Bad Request")]
    ask(stand, org)
    provider.script = [provider.streams(), provider.chunk(HI), Provider.HANG_UP]
    ask(stand, org, STREAMED)
    provider.script = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    _, answer, _ = ask(stand, org, STREAMED)
    assert answer.headers["x-tollgate-cache"] == "miss"
    _, answer, _ = ask(stand, org)
    assert answer.headers["x-tollgate-cache"] == "miss"


@pytest.mark.parametrize("wrong", ["", "yes", "max-age=0", "max-age=-1", "max-age=99999999", "a=b"])
def test_a_header_that_says_nothing_is_400(
    stand: Stand, org: str, provider: Provider, wrong: str
) -> None:
    ticket, answer, content = ask(stand, org, headers={"x-tollgate-cache": wrong})
    assert answer.status == 400
    assert json.loads(content)["error"]["param"] == "x-tollgate-cache"
    assert provider.received == []
    assert stand.outcome(org, ticket)["status"] == "provider_error"


KEY = base64.urlsafe_b64encode(bytes(32)).decode()
SCOPE = CacheScope("o", "live", None, "refuse")


def place(cache: AnswerCache, body: bytes, seconds: int = 60) -> Place:
    return cache.place(SCOPE, CachedRequest(CHAT, "", body, {}), seconds)


def test_an_organisation_has_so_many_and_no_more(redis_client: Redis) -> None:
    cache = AnswerCache(redis_client, 3, KEY)
    places = [place(cache, b'{"n":%d}' % number, 60 + number) for number in range(10)]
    for each in places:
        cache.store(each, Kept([], b"x"))
    kept = {key.decode() for key in redis_client.scan_iter("llm:cache:o:*")}
    assert kept == {each.key for each in places[-3:]}
    assert redis_client.zcard("llm:cache:o") == 3


def test_redis_gets_nothing_of_it_to_read(stand: Stand, org: str, provider: Provider) -> None:
    answer = b'{"id":"1","choices":[{"message":{"content":"whisper-4711"}}]}'
    provider.script = [provider.answers(answer, "content-type: application/json")]
    ask(stand, org, BODY.replace(b'"a"', b'"whisper-4712"'))
    (key,) = eventually(lambda: list(stand.redis.scan_iter(f"llm:cache:{org}:*")))
    kept: Any = stand.redis.get(key)
    assert len(kept) > len(answer)
    assert b"whisper" not in kept
    assert b"application/json" not in kept
    _, again, content = ask(stand, org, BODY.replace(b'"a"', b'"whisper-4712"'))
    assert (again.headers["x-tollgate-cache"], content) == ("hit", answer)


def test_what_is_kept_opens_for_the_same_request_and_key_alone(redis_client: Redis) -> None:
    cache, other = (AnswerCache(redis_client, 3, key) for key in (KEY, KEY.replace("A", "B", 8)))
    here, there = place(cache, b'{"a":1}'), place(cache, b'{"a":2}')
    assert place(cache, b'{ "a" : 1 }')[:2] == here[:2]
    assert place(other, b'{"a":1}').key != here.key
    with pytest.raises(SealBroken):
        there.opened(here.sealed(b"x"))


def test_of_a_member_twice_it_is_the_bytes_that_count(redis_client: Redis) -> None:
    cache = AnswerCache(redis_client, 3, KEY)
    twice = b'{"messages":[{"content":"A","content":"B"}]}'
    last = b'{"messages":[{"content":"B"}]}'
    assert place(cache, twice).key != place(cache, last).key
    assert place(cache, twice).key != place(cache, twice.replace(b":[", b": [")).key
    assert place(cache, last).key == place(cache, last.replace(b":[", b": [")).key
    assert place(cache, twice).key == place(cache, twice).key
