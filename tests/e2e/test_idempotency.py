"""Idempotency-Key, as clients meet it: asked once, paid once, answered as often as it is asked."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import openai
import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.platform import Key, Platform, eventually
from tests.e2e.silent import PATHS, body_of, own_provider
from tests.e2e.stacks import own_platform, processes_of
from tests.llm.inference.test_relay import ANSWER, DONE, HI, USAGE
from tollgate_gateway.idempotency.repository import LEASE_MS

HELLO: Any = [{"role": "user", "content": "Hello, Tollgate!"}]
VERSION = {"anthropic-version": "2023-06-01"}
CALLERS = 50
Own = tuple[Stack, Platform]
REPLAYED, ORIGINAL = "idempotent-replayed", "original-request"


def named(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def served(stack: Stack) -> int:
    """How much the sandbox has answered, by its own account."""
    url = f"http://127.0.0.1:{stack.settings.sandbox_port}/served"
    return len(requests.get(url, timeout=10).json()["data"])


def booked(platform: Platform, key: Key, rows: int, mode: str = "test") -> dict[str, int]:
    """How the key's calls have ended, once there are so many."""
    assert eventually(lambda: platform.usage(key.project, mode=mode)["requests"] >= rows)
    totals = platform.usage(key.project, mode=mode)
    assert totals["requests"] == rows
    return dict(totals["statuses"])


def check_replay(first: Any, second: Any) -> None:
    assert first.headers.get(REPLAYED) is None
    assert second.headers[REPLAYED] == "true"
    assert second.headers[ORIGINAL] == first.headers["x-request-id"]
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
def test_the_same_bytes_and_one_row(
    platform: Platform, key: Key, dialect: str, stream: bool
) -> None:
    body, path = body_of(dialect, "sandbox", stream), PATHS[dialect]
    headers = named("k") | (VERSION if dialect == "anthropic" else {})
    first, second = (platform.post(path, body, key.secret, **headers) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content != b""
    assert first.headers["content-type"] == second.headers["content-type"]
    assert ("content-length" in second.headers) == ("content-length" in first.headers)
    check_replay(first, second)
    assert platform.row(first.headers["x-request-id"])["status"] == "ok"
    assert booked(platform, key, 1) == {"ok": 1}


def test_openais_sdk(platform: Platform, key: Key) -> None:
    model, headers = "sandbox", named(str(uuid.uuid4()))
    with platform.openai(key.secret) as client:
        calls = client.chat.completions.with_raw_response
        whole = [calls.create(model=model, messages=HELLO, extra_headers=headers) for _ in range(2)]
        check_replay(*whole)
        assert whole[0].parse() == whole[1].parse()
        texts = [_chat_text(client, model, str(uuid.UUID(int=7))) for _ in range(2)]
        assert texts == ["Hello, Tollgate!"] * 2
    assert booked(platform, key, 2) == {"ok": 2}


def _chat_text(client: openai.OpenAI, model: str, key: str) -> str:
    chunks = client.chat.completions.create(
        model=model, messages=HELLO, stream=True, extra_headers=named(key)
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_anthropics_sdk(platform: Platform, key: Key) -> None:
    model, headers = "sandbox", named(str(uuid.uuid4()))
    asked: dict[str, Any] = {"model": model, "max_tokens": 50, "messages": HELLO}
    with platform.anthropic(key.secret) as client:
        calls = client.messages.with_raw_response
        whole = [calls.create(**asked, extra_headers=headers) for _ in range(2)]
        check_replay(*whole)
        assert whole[0].parse() == whole[1].parse()
        for _ in range(2):
            with client.messages.stream(**asked, extra_headers=named("stream")) as stream:
                assert stream.get_final_text() == "Hello, Tollgate!"
    assert booked(platform, key, 2) == {"ok": 2}


def test_another_request_with_the_key_is_a_conflict_that_sdks_do_not_retry(
    platform: Platform, key: Key
) -> None:
    model, headers = "sandbox", named("one-for-all")
    asked: dict[str, Any] = {"model": model, "max_tokens": 50, "extra_headers": headers}
    with platform.openai(key.secret) as client:
        patient = client.with_options(max_retries=5)
        patient.chat.completions.create(messages=HELLO, **asked)
        with pytest.raises(openai.ConflictError) as refused:
            patient.chat.completions.create(messages=[*HELLO, *HELLO], **asked)
        assert refused.value.code == "idempotency_key_reused"
        assert refused.value.type == "invalid_request_error"
        assert refused.value.param == "Idempotency-Key"
        assert refused.value.response.headers["x-should-retry"] == "false"
        assert refused.value.response.request.headers["x-stainless-retry-count"] == "0"
    with platform.anthropic(key.secret) as other:
        with pytest.raises(anthropic.ConflictError) as conflict:
            other.with_options(max_retries=5).messages.create(messages=HELLO, **asked)
        assert conflict.value.response.request.headers["x-stainless-retry-count"] == "0"
        error: Any = conflict.value.body
        assert error["type"] == "error"
        assert error["error"]["type"] == "invalid_request_error"
    assert booked(platform, key, 1) == {"ok": 1}


@pytest.mark.parametrize("sent", ["", "k" * 256, "a b"], ids=["empty", "long", "space"])
def test_what_is_no_key_is_400(platform: Platform, key: Key, sent: str) -> None:
    body = body_of("openai", "sandbox", False)
    answer = platform.post(PATHS["openai"], body, key.secret, **named(sent))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "Idempotency-Key"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_an_sdk_waits_for_the_first_and_gets_its_answer(
    platform: Platform, key: Key, dialect: str
) -> None:
    """What an SDK does by itself when it has lost its connection: it sends the same again."""
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(_patiently, platform, key, dialect) for _ in range(2)]
        texts = [answer.result(60) for answer in answers]
    assert texts == ["Hello, Tollgate!"] * 2
    assert booked(platform, key, 1) == {"ok": 1}


def _patiently(platform: Platform, key: Key, dialect: str) -> str:
    asked: dict[str, Any] = {"model": "sandbox-slow", "messages": HELLO, "max_tokens": 50,
                             "extra_headers": named("patient")}  # fmt: skip
    if dialect == "openai":
        with platform.openai(key.secret).with_options(max_retries=20) as client:
            return str(client.chat.completions.create(**asked).choices[0].message.content)
    with platform.anthropic(key.secret).with_options(max_retries=20) as other:
        return str(other.messages.create(**asked).content[0].text)


@pytest.mark.parametrize("stream", [False, True], ids=["before a byte", "in a stream"])
def test_after_a_hang_up_it_is_a_new_request(platform: Platform, stream: bool) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        provider.script = [provider.streams(), provider.chunk(HI)] if stream else []
        body = body_of("openai", model, stream)
        sent = {"authorization": f"Bearer {key.secret}", **named("k")}
        with requests.Session() as session:
            if stream:
                left = session.post(
                    platform.url + PATHS["openai"], json=body, headers=sent, stream=True, timeout=30
                )
                assert next(left.iter_content(len(HI))) == HI
                left.close()
            else:
                with pytest.raises(requests.ReadTimeout):
                    session.post(platform.url + PATHS["openai"], json=body, headers=sent, timeout=1)
        assert provider.left.wait(5)
        provider.script = [provider.answers(ANSWER, "content-type: application/json")]
        if stream:
            provider.script = [provider.streams(), provider.chunk(HI + USAGE + DONE), b"0\r\n\r\n"]

        def ask() -> list[requests.Response]:
            return _settled(platform.post(PATHS["openai"], body, key.secret, **named("k")))

        (fresh,), (replay,) = eventually(ask), eventually(ask)
        check_replay(fresh, replay)
        assert fresh.content == replay.content == (HI + DONE if stream else ANSWER)
        assert len(provider.received) == 2
    assert booked(platform, key, 2, "live") == {"client_closed": 1, "ok": 1}


@pytest.mark.parametrize("model", ["sandbox-error-500", "sandbox-cut"])
def test_a_failure_is_not_kept(platform: Platform, key: Key, model: str) -> None:
    asked = PATHS["openai"], body_of("openai", model, True), key.secret
    for _ in range(2):
        assert REPLAYED not in platform.post(*asked, **named("k")).headers
    assert booked(platform, key, 2) == {"provider_error": 2}


def test_a_refusal_of_the_request_by_its_provider_is_kept(platform: Platform, key: Key) -> None:
    asked = PATHS["openai"], body_of("openai", "sandbox", False) | {"temperature": 99}, key.secret
    first, second = (platform.post(*asked, **named("k")) for _ in range(2))
    assert first.status_code == second.status_code == 400
    assert first.content == second.content
    check_replay(first, second)
    assert booked(platform, key, 1) == {"provider_error": 1}


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own_platform(tmp_path_factory.mktemp("idempotency")) as both:
        yield both


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_many_callers_with_one_key(mortal: Own, stream: bool) -> None:
    stack, platform = mortal
    key, before, together = platform.new_key(), served(stack), threading.Barrier(CALLERS)
    body = body_of("openai", "sandbox", stream)

    def ask(_: int) -> requests.Response:
        together.wait(30)
        sent = {"authorization": f"Bearer {key.secret}", **named("many")}
        return requests.post(platform.url + PATHS["openai"], json=body, headers=sent, timeout=60)

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(ask, range(CALLERS)))
    kinds = Counter((answer.status_code, answer.headers.get(REPLAYED)) for answer in answers)
    assert kinds[200, None] == 1
    assert kinds[200, "true"] + kinds[409, None] == CALLERS - 1
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["error"]["code"] == "idempotency_key_in_use"
            assert answer.headers["retry-after"] == "1"
    assert booked(platform, key, 1) == {"ok": 1}
    assert served(stack) == before + 1


def test_the_gateway_is_killed_while_the_first_runs(mortal: Own) -> None:
    """A retry waits until the claim's lease has ended, and is then a request of its own."""
    stack, platform = mortal
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider), ThreadPoolExecutor(1) as pool:
        body = body_of("openai", model, False)

        def ask() -> requests.Response | None:
            return attempt(platform, PATHS["openai"], body, key.secret, **named("k"))

        first = pool.submit(ask)
        eventually(lambda: provider.received)
        kill_workers(stack)
        assert first.result(30) is None
        provider.script = [provider.answers(ANSWER, "content-type: application/json")]
        (fresh,) = eventually(lambda: _settled(ask()), LEASE_MS / 1000 + 30)
        (replay,) = _settled(ask())
        check_replay(fresh, replay)
        assert fresh.content == replay.content == ANSWER
        assert len(provider.received) == 2
    assert booked(platform, key, 2, "live") == {"client_closed": 1, "ok": 1}


def kill_workers(stack: Stack) -> None:
    """Those that serve; the process above them starts others."""
    for worker in processes_of(stack, "gateway")[1:]:
        worker.kill()


def attempt(platform: Platform, *asked: Any, **headers: str) -> requests.Response | None:
    """The answer, unless the connection is lost."""
    try:
        return platform.post(*asked, **headers)
    except requests.ConnectionError:
        return None


def _settled(answer: requests.Response | None) -> list[requests.Response]:
    """The answer, but for those that say when to come back."""
    if answer is None or answer.status_code != 200:
        assert answer is None or (answer.status_code, answer.headers["retry-after"]) == (409, "1")
        return []
    return [answer]


def test_replays_outlive_the_process(mortal: Own) -> None:
    stack, platform = mortal
    key = platform.new_key()
    body, headers = body_of("anthropic", "sandbox", True), named("k") | VERSION

    def ask() -> requests.Response | None:
        return attempt(platform, PATHS["anthropic"], body, key.secret, **headers)

    first = ask()
    kill_workers(stack)
    replay = eventually(ask)
    assert first is not None
    check_replay(first, replay)
    assert first.content == replay.content
    assert booked(platform, key, 1) == {"ok": 1}
