from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
import httpx2
import openai
import pytest

from tollgate_llm.sandbox.app import create_app
from tollgate_llm.sandbox.served_log import Call, ServedLog
from tollgate_llm.sandbox.settings import SandboxSettings

Served = Callable[..., list[dict[str, Any]]]
MESSAGES: Any = [{"role": "user", "content": "secret one two three"}]


def named() -> tuple[str, dict[str, str]]:
    ticket = str(uuid4())
    return ticket, {"x-client-request-id": ticket}


def test_a_call_leaves_one_line_with_its_tokens(
    openai_client: openai.OpenAI, served: Served
) -> None:
    ticket, headers = named()
    openai_client.chat.completions.create(model="m", messages=MESSAGES, extra_headers=headers)
    (line,) = served(client_request_id=ticket)
    assert line.pop("at").endswith("Z")
    assert line == {
        "client_request_id": ticket,
        "endpoint": "/v1/chat/completions",
        "model": "m",
        "stream": False,
        "status": 200,
        "input_tokens": 4,
        "output_tokens": 4,
        "billed": [
            {"model": "m", "kind": "input", "quantity": 4},
            {"model": "m", "kind": "output", "quantity": 4},
        ],
        "complete": True,
    }


def test_a_stream_is_logged_before_it_ends(
    anthropic_client: anthropic.Anthropic, served: Served
) -> None:
    ticket, headers = named()
    with anthropic_client.messages.stream(
        model="m", max_tokens=50, messages=MESSAGES, extra_headers=headers
    ) as stream:
        for event in stream:
            if event.type == "message_stop":
                (line,) = served(client_request_id=ticket)
    assert (line["output_tokens"], line["complete"]) == (4, True)


def test_a_caller_who_hangs_up_is_logged_with_what_was_sent(
    openai_client: openai.OpenAI, served: Served
) -> None:
    ticket, headers = named()
    messages: Any = [{"role": "user", "content": "word " * 200}]
    stream = openai_client.chat.completions.create(
        model="sandbox-slow", messages=messages, stream=True, extra_headers=headers
    )
    for _ in range(5):
        next(stream)
    stream.close()
    deadline = time.monotonic() + 10
    while not (lines := served(client_request_id=ticket)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lines[0]["complete"] is False
    assert 4 <= lines[0]["output_tokens"] < 200


def test_a_cut_stream_is_logged_with_what_was_sent(
    openai_client: openai.OpenAI, served: Served
) -> None:
    ticket, headers = named()
    stream = openai_client.responses.create(
        model="sandbox-cut", input="one two three four", stream=True, extra_headers=headers
    )
    with pytest.raises(openai.APIConnectionError):
        list(stream)
    deadline = time.monotonic() + 10
    while not (lines := served(client_request_id=ticket)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (lines[0]["output_tokens"], lines[0]["complete"]) == (2, False)


def test_an_error_is_logged_with_its_status_and_no_tokens_made(
    openai_client: openai.OpenAI, served: Served
) -> None:
    ticket, headers = named()
    with pytest.raises(openai.RateLimitError):
        openai_client.embeddings.create(model="sandbox-error-429", input="a", extra_headers=headers)
    (line,) = served(client_request_id=ticket)
    assert (line["status"], line["output_tokens"]) == (429, 0)


def test_a_refused_request_leaves_no_line(openai_client: openai.OpenAI, served: Served) -> None:
    ticket, headers = named()
    with pytest.raises(openai.BadRequestError):
        openai_client.chat.completions.create(model="m", messages=[], extra_headers=headers)
    assert served(client_request_id=ticket) == []


def test_since_leaves_out_what_was_before(openai_client: openai.OpenAI, served: Served) -> None:
    ticket, headers = named()
    openai_client.embeddings.create(model="m", input="a", extra_headers=headers)
    (line,) = served(client_request_id=ticket)
    assert served(client_request_id=ticket, since=line["at"]) == [line]
    assert served(client_request_id=ticket, since="2999-01-01T00:00:00Z") == []


def test_a_bad_time_is_refused(http: httpx2.Client) -> None:
    assert http.get("/served", params={"since": "yesterday"}).status_code == 400
    assert http.get("/served", params={"since": "2026-01-01"}).status_code == 400


def test_no_prompt_and_no_credential_is_written(
    openai_client: openai.OpenAI, served_log_path: Path
) -> None:
    key = "very-private-key"
    openai_client.with_options(api_key=key).chat.completions.create(model="m", messages=MESSAGES)
    written = served_log_path.read_text()
    assert "secret" not in written
    assert key not in written


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    old.touch(mode=0o644)
    new = tmp_path / "folder" / "new.jsonl"
    for path in (old, new):
        log = ServedLog(path)
        log.write(Call("c", "/v1/x", "m", False, 1), status=200, output_tokens=2)
        assert path.stat().st_mode & 0o777 == 0o600
    assert new.parent.stat().st_mode & 0o777 == 0o700


def test_many_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "served.jsonl"

    def write(name: str) -> None:
        log = ServedLog(path)
        for _ in range(200):
            log.write(Call(name, "/v1/x", "m" * 300, False, 1), status=200, output_tokens=2)

    writers = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    names = [json.loads(line)["client_request_id"] for line in path.read_text().splitlines()]
    assert sorted(names) == sorted(f"writer-{n}" for n in range(4) for _ in range(200))


def test_it_is_alive_and_ready(http: httpx2.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready", "checks": {"served_log": "ok"}}


def test_it_is_not_ready_when_nothing_can_be_witnessed(tmp_path: Path) -> None:
    occupied = tmp_path / "served.jsonl"
    occupied.mkdir()
    client = create_app(SandboxSettings(served_log=occupied)).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_the_environment_says_where_the_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere" / "served.jsonl"
    monkeypatch.setenv("SERVED_LOG", str(path))
    assert create_app().test_client().get("/readyz").status_code == 200
    assert path.parent.is_dir()
