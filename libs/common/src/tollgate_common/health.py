"""`/healthz` says the process lives; `/readyz` says what it depends on is reachable."""

from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify
from redis import Redis

from tollgate_common.guard import public
from tollgate_common.logging import get_logger

log = get_logger(__name__)

Check = Callable[[], object]


def register(app: Flask, checks: Mapping[str, Check]) -> None:
    """Add both routes. A check passes when it returns, and fails when it raises."""

    @public
    def healthz() -> Response:
        return jsonify(status="ok")

    @public
    def readyz() -> tuple[Response, int]:
        results = {name: _run(name, check) for name, check in checks.items()}
        ready = all(result == "ok" for result in results.values())
        status = "ready" if ready else "not_ready"
        return jsonify(status=status, checks=results), 200 if ready else 503

    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def _run(name: str, check: Check) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever fails, the answer is "not ready"
        log.warning("readiness_check_failed", check=name, error=type(error).__name__)
        return "failing"
    return "ok"


def redis(client: Redis) -> Check:
    return client.ping
