"""No secret and no prompt is kept in clear: in no file, log, metric, key of Redis or column."""

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests
from psycopg import sql
from redis import Redis

from deploy.local import secret
from deploy.local.data import DataServers
from deploy.local.stack import Stack
from tests.e2e.leaving_traces import Run
from tests.e2e.platform import eventually
from tests.e2e.stacks import own_platform

OURS_TO_KEEP = ("secrets.env", "credentials.env")
POSTGRES = "postgres/"
Traces = Mapping[str, bytes]


@pytest.fixture(scope="module")
def stack_and_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Run]]:
    """A stack that tells all it can, after everything was done on it."""
    with own_platform(tmp_path_factory.mktemp("secrets"), log_level="DEBUG") as (stack, platform):
        run = Run(platform, servers_of(stack).database_url, stack.url("sandbox"))
        run.everything()
        logged = [stack.layout.logs / f"{name}.log" for name in ("gateway", "llm")]
        eventually(lambda: all(run.last_request in log.read_text() for log in logged))
        platform.row(run.last_request)
        yield stack, run


@pytest.fixture
def stack(stack_and_run: tuple[Stack, Run]) -> Stack:
    return stack_and_run[0]


@pytest.fixture
def run(stack_and_run: tuple[Stack, Run]) -> Run:
    return stack_and_run[1]


def servers_of(stack: Stack) -> DataServers:
    secrets = secret.load(stack.state / "secrets.env", data=stack.state)
    return DataServers.of(stack.settings, secrets, stack.state)


def forms(value: str) -> set[bytes]:
    """How a text may lie about: as it is, in an address, in hex, in base64 wherever it begins."""
    raw = value.encode()
    found = {raw, quote(value, safe="").encode(), raw.hex().encode()}
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw)
        found.add(encoded[4 if before else 0 : -4])
    return found


def leaks(traces: Traces, run: Run) -> set[tuple[str, str]]:
    """What lies where. Never the secret itself: a failing test is a log, too."""
    wanted = {form: what for what, value in run.secrets.items() for form in forms(value)}
    pattern = re.compile(b"|".join(re.escape(form) for form in wanted))
    return {
        (wanted[hit], where)
        for where, content in traces.items()
        for hit in pattern.findall(content)
    }


def files(stack: Stack) -> Traces:
    """Redis' own file among them: it tells even what was deleted since."""
    names = {path.relative_to(stack.state).as_posix(): path
             for path in stack.state.rglob("*") if path.is_file()}  # fmt: skip
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if name not in OURS_TO_KEEP and not name.startswith(POSTGRES)
    }


def in_redis(redis: Redis) -> Traces:
    """Each value as text, unpacked if it is packed."""
    read: Any = {
        b"string": redis.get, b"hash": redis.hgetall, b"stream": redis.xrange,
        b"set": redis.smembers, b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }  # fmt: skip
    keys: Any = redis.keys()
    return {key.decode(): key + b" " + b" ".join(texts(read[redis.type(key)](key))) for key in keys}


def texts(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, list | tuple | set):
        for one in value:
            yield from texts(one)
    elif isinstance(value, bytes):
        yield value
        try:
            yield zlib.decompress(value)
        except zlib.error:
            return


def in_postgres(url: str) -> Traces:
    tables = (
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    with psycopg.connect(url) as connection:
        found = {}
        for schema, table in connection.execute(tables).fetchall():
            rows = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(schema, table))
            texts = [str(row[0]) for row in connection.execute(rows)]
            found[f"{schema}.{table}"] = "\n".join(texts).encode()
        return found


def metrics(stack: Stack) -> Traces:
    ports = {name: port for name, port in stack.settings.ports().items() if "METRICS" in name}
    pages = {name: requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
             for name, port in ports.items()}  # fmt: skip
    return {name: page.content for name, page in pages.items()}


def test_no_file_keeps_a_secret(stack: Stack, run: Run) -> None:
    found = files(stack)
    assert run.last_request.encode() in found["logs/gateway.log"]
    assert any(run.last_request.encode() in found[name] for name in found if "redis/" in name)
    for service in ("auth", "llm", "reports"):
        assert b"Traceback" in found[f"logs/{service}.log"]
    assert leaks(found, run) == set()


def test_redis_keeps_no_secret(stack: Stack, run: Run) -> None:
    with Redis.from_url(servers_of(stack).redis_url) as redis:
        found = in_redis(redis)
    assert any(name.startswith("principal:") for name in found)
    assert leaks(found, run) == set()


def test_postgresql_keeps_no_secret(stack: Stack, run: Run) -> None:
    found = in_postgres(servers_of(stack).database_url)
    assert run.marker.encode() in found["auth.projects"]
    assert any(run.last_request.encode() in content for content in found.values())
    assert leaks(found, run) == set()


def test_no_metric_tells_a_secret(stack: Stack, run: Run) -> None:
    found = metrics(stack)
    assert b"http_requests" in found["GATEWAY_METRICS_PORT"]
    assert leaks(found, run) == set()


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_would_be_found_in_any_form(tmp_path: Path, run: Run, before: str) -> None:
    value = next(iter(run.secrets.values()))
    for form in (value.encode(), value.encode().hex().encode(),
                 base64.b64encode(f"{before}{value}:".encode())):  # fmt: skip
        assert leaks({"here": b"x " + form + b" y"}, run)
