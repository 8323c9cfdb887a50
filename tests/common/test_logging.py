import io
import json
import logging
import sys
import time

import pytest

from tollgate_common.logging import JsonFormatter, configure, get_logger, mask, request_id
from tollgate_common.settings import CommonSettings

KEY = "tg_live_0123456789abcdefghijABCDEFGHIJxyXY12"
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {KEY}.", KEY[8:]),
        (f"Authorization: Bearer {JWT}", JWT[3:]),
        (JWT, JWT[3:]),
        ("sk-ant-api03-abcdefghijklmnop", "abcdefghijklmnop"),
        ("sk-proj-abcdefghijklmnop", "abcdefghijklmnop"),
        ("postgresql://tollgate:hunter2@db:5432/t", "hunter2"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)


def test_ordinary_text_is_left_alone() -> None:
    text = "GET /v1/models took 3 ms for key_0193 at http://127.0.0.1:8080/x"
    assert mask(text) == text


def test_a_line_is_json_with_its_fields_and_the_request_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    configure(CommonSettings(), "test-service")
    token = request_id.set("req_1")
    get_logger("tollgate.test").warning("something_happened", key=KEY, nothing=None, braces="{x}")
    try:
        raise ValueError(f"bad {KEY}")
    except ValueError as error:
        get_logger("tollgate.test").error("failed", exc_info=error)
    request_id.reset(token)
    root = logging.getLogger()
    [handler] = [h for h in root.handlers if type(h).__name__ == "_EnqueueFields"]
    root.removeHandler(handler)
    deadline = time.monotonic() + 5
    while out.getvalue().count("\n") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["message"] == "something_happened"
    assert first["service"] == "test-service"
    assert first["request_id"] == "req_1"
    assert first["braces"] == "{x}"
    assert "nothing" not in first
    assert "ValueError" in second["exception"]
    assert KEY not in out.getvalue()


def test_what_every_request_says_is_a_line_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    configure(CommonSettings(), "test-service")
    log = get_logger("tollgate.test")
    token = request_id.set("req_2")
    log.info("request", path=f"/{KEY}", nothing=None)
    log.note("request", path=f"/{KEY}", nothing=None)
    request_id.reset(token)
    root = logging.getLogger()
    [handler] = [h for h in root.handlers if type(h).__name__ == "_EnqueueFields"]
    root.removeHandler(handler)
    deadline = time.monotonic() + 5
    while out.getvalue().count("\n") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    for line in lines:
        assert abs(line.pop("created") - time.time()) < 60
        del line["@timestamp"]
    assert lines[0] == lines[1]
    assert lines[1]["request_id"] == "req_2"
    assert KEY not in out.getvalue()


def test_lines_of_a_moment_are_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[str] = []
    out = io.StringIO()
    monkeypatch.setattr(out, "write", writes.append)
    monkeypatch.setattr(sys, "stdout", out)
    configure(CommonSettings(), "test-service")
    for number in range(10):
        get_logger("tollgate.test").warning("something_happened", number=number)
    root = logging.getLogger()
    [handler] = [h for h in root.handlers if type(h).__name__ == "_EnqueueFields"]
    root.removeHandler(handler)
    deadline = time.monotonic() + 5
    while "".join(writes).count("\n") < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    numbers = [json.loads(line)["number"] for line in "".join(writes).splitlines()]
    assert numbers == list(range(10))
    assert len(writes) < 5


def test_the_formatter_takes_records_of_other_libraries() -> None:
    record = logging.LogRecord("lib", logging.INFO, "f", 1, "count {0} %s", ("x",), None)
    assert json.loads(JsonFormatter("s").format(record))["message"] == "count {0} x"
