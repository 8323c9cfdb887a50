"""A request with an Idempotency-Key: what runs, what is given again, what is refused, and what
Redis holds of it."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask, Response, request
from redis import Redis
from redis.exceptions import RedisError

from tollgate_common import stores
from tollgate_common.embedded.process import free_port
from tollgate_common.errors import TooMany
from tollgate_common.principal import Principal
from tollgate_common.responses import PassedResponse
from tollgate_gateway.idempotency import recording
from tollgate_gateway.idempotency.endings import ending
from tollgate_gateway.idempotency.errors import AnswerNotKept, InvalidKey, KeyInUse, KeyReused
from tollgate_gateway.idempotency.places import place_of
from tollgate_gateway.idempotency.repository import KEPT_MS, LEASE_MS, Claim, KeyRepository
from tollgate_gateway.idempotency.service import IdempotencyService

PATH = "/v1/chat/completions"
BODY = b'{"model": "m"}'
SAID = b'{"choices": ["a secret of the model"]}'
DELTA, DONE = b'data: {"choices":[]}\n\n', b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"no"}}\n\n'
STREAM = ("content-type", "text/event-stream; charset=utf-8")
BY_A_PROVIDER = ("x-tollgate-provider", "p")
CALLER = Principal(
    org="org_1", mode="live", scopes=("inference",), models=("*",), version=1, assertion="a.b.c",
    assertion_expires_at=0, key="key_1",
)  # fmt: skip
FORM = 'multipart/form-data; boundary="{}"'


def form(boundary: str, text: str = "same") -> dict[str, Any]:
    lines = (f"--{boundary}", 'content-disposition: form-data; name="model"', "", text)
    body = "\r\n".join((*lines, f"--{boundary}--", "")).encode()
    return {"body": body, "headers": {"content-type": FORM.format(boundary)}}


class Stand:
    """The service, and what stands behind it: `answer` is what is said there."""

    def __init__(self, redis: Redis, largest: int = 1 << 20) -> None:
        self.keys = KeyRepository(redis, largest)
        self.service = IdempotencyService(self.keys)
        self.app = Flask("test")
        self.ran = 0
        self.ids = (f"req_{number}" for number in itertools.count(1))
        self.answer: Callable[[], Response] = whole

    def begin(
        self, key: str = "k", body: bytes = BODY, path: str = PATH, who: Principal = CALLER,
        headers: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        sent = {"Idempotency-Key": key, "content-type": "application/json", **(headers or {})}
        with self.app.test_request_context(path, method="POST", headers=sent, data=body):
            asked: Any = request
            return self.service.once(
                asked._get_current_object(), next(self.ids), who, body, self._run
            )

    def ask(self, *args: Any, **more: Any) -> tuple[int, bytes, dict[str, str]]:
        """To the end, as a server sends it."""
        response = self.begin(*args, **more)
        return response.status_code, sent(response), dict(response.headers)

    def _run(self) -> Response:
        self.ran += 1
        return self.answer()


def body_of(response: Response) -> Any:
    return response.response


def sent(response: Response) -> bytes:
    """The body, closed as a server closes it, also when it breaks off."""
    body = body_of(response)
    try:
        return b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def answering(
    *parts: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Callable[[], Response]:
    return lambda: PassedResponse(iter(parts), status, list(headers))


def whole() -> Response:
    headers = [("content-type", "application/json"), ("content-length", str(len(SAID))),
               ("x-tollgate-cost-usd", "0.5"), ("x-request-id", "req_llm"),
               ("x-ratelimit-remaining-requests", "7")]  # fmt: skip
    return PassedResponse(iter([SAID]), 200, headers)


@pytest.fixture
def stand(redis_client: Any) -> Stand:
    return Stand(redis_client)


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


def test_a_caller_that_hangs_up_before_the_end_frees_the_key(stand: Stand) -> None:
    stand.answer = answering(DELTA, DONE, headers=[STREAM])
    left = stand.begin()
    assert next(iter(body_of(left))) == DELTA
    body_of(left).close()
    assert stand.ask()[1] == DELTA + DONE
    assert stand.ran == 2


@pytest.mark.parametrize(
    ("parts", "headers"),
    [([SAID], [("content-length", str(len(SAID)))]), ([DELTA, DONE, b": bye\n\n"], [STREAM]),
     ([DELTA, DONE[:5], DONE[5:], b""], [STREAM])],
    ids=["whole", "stream", "end in pieces"],
)  # fmt: skip
def test_a_caller_that_hangs_up_with_all_of_it_has_been_answered(
    stand: Stand, parts: list[bytes], headers: list[tuple[str, str]]
) -> None:
    """It is in the books, and whoever asks again then gets it."""
    stand.answer = answering(*parts, headers=headers)
    left = stand.begin()
    for _ in zip(parts[:-1] or parts, body_of(left), strict=False):
        pass
    body_of(left).close()
    assert stand.ask()[2]["idempotent-replayed"] == "true"
    assert stand.ran == 1


def test_a_stream_that_ends_in_an_error_frees_the_key(stand: Stand) -> None:
    stand.answer = answering(DELTA, ERROR, headers=[STREAM])
    assert stand.ask()[1] == DELTA + ERROR
    stand.answer = whole
    assert stand.ask()[1] == SAID


def test_an_answer_that_breaks_off_frees_the_key(stand: Stand) -> None:
    def broken() -> Iterator[bytes]:
        yield SAID
        raise ConnectionResetError

    stand.answer = lambda: PassedResponse(broken(), 200, [])
    with pytest.raises(ConnectionResetError):
        stand.ask()
    stand.answer = whole
    assert stand.ask()[1] == SAID


@pytest.mark.parametrize(
    ("stream", "expected"),
    [(DELTA, "open"), (DELTA + DONE, "whole"), (DELTA + DONE[:-1], "open"), (ERROR, "failed"),
     (b'event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n', "whole"),
     (b'event: error\ndata: {"type":"error","error":{}}\n\n', "failed"),
     (b'data: {"type":"response.completed"}\n\n', "whole"),
     (b'data: {"type":"response.failed"}\n\n', "failed"),
     (b'data: {"type":"image_generation.completed"}\n\n', "open"),
     (b'data: {"choices":[],"error":null}\n\n', "open"),
     (b"data: [1]\n\n", "open"), (b"data: x\n\n", "open"), (b"", "open"), (b": ping\n\n", "open")],
)  # fmt: skip
def test_how_a_stream_has_ended(stream: bytes, expected: str) -> None:
    assert ending(stream) == expected


def test_an_answer_too_large_is_not_kept_and_not_asked_for_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LARGEST_ANSWER", len(SAID) - 1)
    assert stand.ask()[1] == SAID
    with pytest.raises(AnswerNotKept) as refused:
        stand.ask()
    assert refused.value.headers == {"x-should-retry": "false"}
    assert stand.ran == 1


def test_a_claim_ends_with_its_lease_unless_it_is_renewed(stand: Stand, redis_client: Any) -> None:
    running = stand.begin()
    (entry,) = redis_client.keys("idempotency:*")
    redis_client.pexpire(entry, 1000)
    stand.service.renew()
    assert LEASE_MS - 5000 < redis_client.pttl(entry) <= LEASE_MS
    redis_client.delete(entry)  # as it would at the end of its lease
    stand.ask()
    assert stand.ran == 2
    stand.service.renew()
    assert redis_client.pttl(entry) > KEPT_MS - 60_000
    assert sent(running) == SAID
    assert stand.ask()[2]["original-request"] == "req_2"


def test_who_has_lost_a_key_takes_it_from_nobody(stand: Stand, redis_client: Any) -> None:
    lost = Claim(place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": "k"}), "lost")
    other = Claim(lost.place, "other")
    assert stand.keys.claim(lost, "req_lost") is None
    redis_client.flushdb()
    assert stand.keys.claim(other, "req_other") is None
    stand.keys.free(lost)
    assert not stand.keys.keep(lost, b"x")
    found = stand.keys.claim(lost, "again")
    assert found is not None
    assert (found.request_id, found.is_running) == ("req_other", True)


def test_answers_are_kept_for_a_day(stand: Stand, redis_client: Any) -> None:
    stand.ask()
    names = [name.decode() for name in redis_client.keys("idempotency:*")]
    assert len(names) == 3
    ends: list[Any] = [redis_client.pttl(name) for name in names]
    assert all(KEPT_MS - 60_000 < end <= KEPT_MS for end in ends)


def test_the_oldest_answers_make_room(redis_client: Any) -> None:
    stand = Stand(redis_client, largest=5000)
    for number in range(20):
        stand.ask(str(number))
    replays = [number for number in range(19, -1, -1) if _is_replayed(stand, str(number))]
    assert 2 <= len(replays) < 10
    assert replays[0] == 19
    assert replays == list(range(19, 19 - len(replays), -1))


def _is_replayed(stand: Stand, key: str) -> bool:
    ran = stand.ran
    claim = Claim(place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": key}), "reader")
    found = stand.keys.claim(claim, "reader")
    if found is None:
        stand.keys.free(claim)
    return found is not None and stand.ran == ran


def test_the_room_of_one_organisation_is_not_anothers(redis_client: Any) -> None:
    stand = Stand(redis_client, largest=3000)
    stand.ask("mine")
    for number in range(20):
        stand.ask(str(number), who=msgspec.structs.replace(CALLER, org="org_2"))
    assert stand.ask("mine")[2]["idempotent-replayed"] == "true"


def test_what_has_ended_takes_no_room(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(redis_client)
    stand.ask("old")
    size, tomorrow = _size(redis_client), time.time() + KEPT_MS / 1000 + 1
    monkeypatch.setattr("tollgate_gateway.idempotency.repository.time.time", lambda: tomorrow)
    stand.ask("new")
    assert _size(redis_client) == size


def _size(redis: Any) -> int:
    (name,) = redis.keys("idempotency:*:bytes")
    return int(redis.get(name))


def test_redis_has_nothing_of_it_to_read(stand: Stand, redis_client: Any) -> None:
    stand.ask("customer-4711")
    dumped = b"".join(name + redis_client.dump(name) for name in redis_client.keys("*"))
    assert b"customer-4711" not in dumped
    assert b"secret of the model" not in dumped
    (entry,) = (name for name in redis_client.keys("*") if redis_client.type(name) == b"hash")
    held: Any = redis_client.hgetall(entry)
    assert set(held) == {b"fingerprint", b"request", b"answer"}
    assert SAID not in held[b"answer"]


def test_without_redis_nothing_runs() -> None:
    stand = Stand(stores.connect(f"redis://127.0.0.1:{free_port()}/0"))
    with pytest.raises(RedisError):
        stand.begin()
    assert stand.ran == 0


def test_redis_away_at_the_end_delays_no_answer(stand: Stand) -> None:
    running = stand.begin()
    stand.service._keys = KeyRepository(stores.connect(f"redis://127.0.0.1:{free_port()}/0"), 1)
    assert sent(running) == SAID
    stand.service.renew()
    assert stand.ran == 1
