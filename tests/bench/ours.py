"""Tollgate as it is used: every service, a live key with limits of each kind, a priced model, and
every request in the ledger. All of it, data servers included, on the gateways' core."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from deploy.local.stack import Stack
from tests.bench.processes import on
from tests.bench.targets import STREAM, WHOLE, Target
from tests.e2e.platform import Platform
from tests.e2e.stacks import own_platform, processes_of

NAME = "Tollgate"
MODELS = {WHOLE: "bench-whole", STREAM: "bench-stream"}
PRICE = {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": "0.60"}

# Never reached, and checked all the same.
LIMITS = [
    {"metric": "requests", "window": "minute", "max": "10000000"},
    {"metric": "tokens", "window": "day", "max": "1000000000000"},
    {"metric": "cost_usd", "window": "month", "max": "1000000"},
    {"metric": "concurrency", "window": "total", "max": "10000"},
]


@contextmanager
def tollgate(upstream: str, folder: Path, core: int, **settings: Any) -> Iterator[Target]:
    with on(core):
        entered = own_platform(folder, **settings)
        stack, platform = entered.__enter__()
    try:
        headers = {"Authorization": f"Bearer {_set_up(platform, upstream)}"}
        yield Target(
            NAME, "this checkout", stack.url("gateway"), {WHOLE: headers, STREAM: headers},
            models=MODELS, processes=lambda: processes(stack),
        )  # fmt: skip
    finally:
        entered.__exit__(None, None, None)


def _set_up(platform: Platform, upstream: str) -> str:
    """The key."""
    for kind, path in ((WHOLE, "/v1"), (STREAM, "/stream/v1")):
        provider = {"kind": "openai", "base_url": upstream + path, "api_key": "sk-bench"}
        route = {"provider": MODELS[kind], "model": "gpt-4o-mini"}
        _put(platform, f"/providers/{MODELS[kind]}", provider)
        _put(platform, f"/models/{MODELS[kind]}", {"routes": [route], "price": PRICE})
    return platform.new_key(mode="live", limits=LIMITS).secret


def _put(platform: Platform, path: str, body: Mapping[str, Any]) -> None:
    answer = platform.api("PUT", path, json=body)
    assert answer.ok, answer.text


def processes(stack: Stack) -> dict[str, list[psutil.Process]]:
    found = {}
    for name in stack.supervisor.pids():
        with suppress(psutil.NoSuchProcess):  # one of PostgreSQL's, just ended
            found[name] = processes_of(stack, name)
    return found
