"""auth that is killed in the middle of a flood loses the newest counts, and never an entry."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask
from redis import Redis

from deploy.local import ports
from tests.auth.conftest import ENCRYPTION_KEY, Org
from tollgate_auth.audit import service as audit
from tollgate_auth.audit.series import service as series
from tollgate_common.audit import audit_counts
from tollgate_common.testing.servers import own_redis_database, worker_number

START_SECONDS = 60.0
FORM = {"grant_type": "client_credentials"}

pytestmark = pytest.mark.timeout(240)


@contextmanager
def running(database: str, redis_url: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """auth in a process of its own, on tables that are there; its URL, once it answers."""
    free = ports.free(["http", "metrics"])
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "PORT": str(free["http"]),
        "METRICS_PORT": str(free["metrics"]),
    }
    command = [sys.executable, "-c", "from tollgate_auth.cli import main; main()", "serve"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    url = f"http://127.0.0.1:{free['http']}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(url):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield url, process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def refuse(url: str, robot: str, times: int) -> int:
    """Show a wrong secret so often; how many answers there were."""
    answered = 0
    with requests.Session() as session:
        for _ in range(times):
            try:
                answer = session.post(
                    f"{url}/oauth/token", data=FORM, auth=(robot, "wrong"), timeout=10
                )
            except requests.RequestException:
                return answered
            assert answer.status_code == 401
            answered += 1
    return answered


def refusals(org: Org) -> list[dict[str, Any]]:
    answer = org.owner.get("/audit-log?action=service_account.refused&limit=200")
    return list(answer.get_json()["data"])


def test_what_was_handed_over_before_is_kept_and_the_chain_is_whole(
    empty_app: Flask, empty: str, redis_url: str, redis_client: Redis
) -> None:
    redis = own_redis_database(redis_url, worker_number())
    org = Org(empty_app)
    made = org.owner.post("/service-accounts", {"name": "robot", "scopes": ["usage:read"]})
    robot = made.get_json()["id"]
    with running(empty, redis) as (url, process):
        before = refuse(url, robot, 200)
        time.sleep(3)
        during = refuse(url, robot, 50)
        os.killpg(process.pid, signal.SIGKILL)
    with running(empty, redis) as (url, _):
        after = refuse(url, robot, 100)
        time.sleep(3)
    with empty_app.app_context():
        audit_counts().send()
        series.close_over(datetime.now(UTC) + series.WINDOW)
        assert audit.first_fault(org.id) is None
    entries = refusals(org)
    assert len(entries) == 2
    total = sum(entry["count"] for entry in entries)
    assert before + after <= total <= before + during + after
    assert entries[0]["continues"] == entries[1]["number"]
