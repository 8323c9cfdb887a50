"""What it costs to know who calls: `make bench-auth`.

In the gateway's process, with the principal at hand: microseconds of CPU for a key and for an
access token, from the request's headers to the principal. And in a running auth: milliseconds of a
look-up as the gateway makes it, alone and while people log in, whose password hashing must not be
in its way. Figures go to .tollgate/bench/identity.json too.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# As in production, where each process writes its metrics to files; read once, at the first import.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="tollgate-bench-"))

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.datastructures import EnvironHeaders

from tests.e2e.platform import Platform
from tests.e2e.stacks import own_platform, secrets_of
from tollgate_common import keyformat, stores
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.audit import AuditCounts
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_common.jwt import JwksClient, TokenVerifier
from tollgate_common.principal import Principal
from tollgate_gateway.principals.cache import PrincipalCache, Stored
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.service import PrincipalService
from tollgate_gateway.principals.uses import KeyUses

FILE = Path(".tollgate/bench/identity.json")
BLOCKS, CALLS = 60, 1000
LOOK_UPS = 1000
LOGINS_AT_ONCE = 10
ISSUER, AUDIENCE, SESSION = "https://bench.example", "tollgate", "ses_bench"
NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens: whoever asks Redis fails

TARGETS = {"a cached key": 20.0, "a cached access token": 30.0}


class Latency(NamedTuple):
    """In milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        cuts = statistics.quantiles(seconds, n=100)
        return cls(statistics.median(seconds) * 1000, cuts[98] * 1000)


def main() -> None:
    costs = in_process()
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        alone, beside = look_ups(Path(folder))
    show(costs, alone, beside)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    figures = {
        "authenticate_microseconds": costs,
        "look_up_milliseconds": {"alone": alone._asdict(), "ten_logins_at_once": beside._asdict()},
    }
    FILE.write_text(json.dumps(figures, indent=2) + "\n")


def in_process() -> dict[str, float]:
    """Microseconds of one `authenticate`."""
    cache, key = PrincipalCache(stores.connect(NOWHERE)), keyformat.generate("live")
    signing = Ed25519PrivateKey.generate()
    service = gateways(cache, signing)
    headers = {
        "a cached key": (keyformat.hash_of(key), key),
        "a cached access token": (f"session:{SESSION}", access_token(signing)),
    }
    return {
        what: median_cost(service, cache, name, credential)
        for what, (name, credential) in headers.items()
    }


def median_cost(
    service: PrincipalService, cache: PrincipalCache, name: str, credential: str
) -> float:
    """The headers are a request's own, as a server hands them over."""
    environ = {
        "HTTP_HOST": "tollgate.example", "HTTP_USER_AGENT": "bench", "HTTP_ACCEPT": "*/*",
        "CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Bearer {credential}",
    }  # fmt: skip
    headers: Any = EnvironHeaders(environ)
    blocks = []
    for _ in range(BLOCKS):
        cache.remember(name, Stored(principal(), time.time()))
        began = time.process_time()
        for _ in range(CALLS):
            service.authenticate(headers, "192.0.2.1")
        blocks.append((time.process_time() - began) / CALLS * 1e6)
    return statistics.median(blocks)


def gateways(cache: PrincipalCache, signing: Ed25519PrivateKey) -> PrincipalService:
    """The gateway's own, with an auth that nobody may ask."""
    auth = ControlClient("auth", "http://127.0.0.1:1")
    tokens = ServiceTokens(auth, "gateway", "")
    jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(signing.public_key()))
    jwks = JwksClient(lambda: {"keys": [jwk | {"kid": "bench", "alg": "EdDSA"}]})
    return PrincipalService(
        cache,
        PrincipalClient(auth, tokens),
        access_tokens=TokenVerifier(jwks, ISSUER, AUDIENCE),
        service_tokens=TokenVerifier(jwks, ISSUER, "gateway"),
        uses=KeyUses(auth, tokens),
        counts=AuditCounts(lambda _: None, lambda: None),
        attempts=SecretAttempts(stores.connect(NOWHERE), "key"),
    )


def access_token(signing: Ed25519PrivateKey) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "usr_bench", "iat": now, "exp": now + 900,
        "typ": "access", "sid": SESSION, "scope": " ".join(["inference:read"] * 20),
    }  # fmt: skip
    return jwt.encode(claims, signing, "EdDSA", headers={"kid": "bench"})


def principal() -> Principal:
    return Principal(
        org="org_bench", mode="live", scopes=("inference",), models=("*",), version=1,
        assertion="a.b.c", assertion_expires_at=int(time.time()) + 900, key="key_bench",
    )  # fmt: skip


def look_ups(folder: Path) -> tuple[Latency, Latency]:
    """In a stack of its own: alone, and beside logins."""
    with own_platform(folder) as (stack, platform):
        auth = ControlClient("auth", stack.url("auth"))
        tokens = ServiceTokens(auth, "gateway", secrets_of(stack).clients["gateway"])
        ask = PrincipalClient(auth, tokens)
        digest = keyformat.hash_of(platform.api_key)

        def look_up() -> None:
            assert ask.find({"key_hash": digest}) is not None

        timed(look_up, LOOK_UPS // 10)
        alone = timed(look_up, LOOK_UPS)
        with logging_in(platform) as logins:
            beside = timed(look_up, LOOK_UPS)
        assert logins, "no login came to an end meanwhile"
    return alone, beside


def timed(work: Callable[[], None], times: int) -> Latency:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return Latency.of(taken)


@contextmanager
def logging_in(platform: Platform) -> Iterator[list[float]]:
    """So many at once, each a person of their own, again and again; the moments they were in."""
    stop, done = threading.Event(), list[float]()
    people = [person(platform) for _ in range(LOGINS_AT_ONCE)]

    def go_on(credentials: dict[str, str]) -> None:
        with requests.Session() as session:
            while not stop.is_set():
                url = f"{platform.url}/api/v1/auth/login"
                answer = session.post(url, json=credentials, timeout=60)
                assert answer.status_code == 200, answer.text
                done.append(time.monotonic())

    threads = [threading.Thread(target=go_on, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def person(platform: Platform) -> dict[str, str]:
    email, password = f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
    platform.made("/users", {"email": email, "password": password, "role": "viewer"})
    return {"email": email, "password": password}


def show(costs: dict[str, float], alone: Latency, beside: Latency) -> None:
    lines = ["", "authenticate, in the gateway's process       µs    target"]
    lines += [f"  {what:<38} {cost:>7.1f}   < {TARGETS[what]:.0f}" for what, cost in costs.items()]
    lines += ["", "look-up of a principal in auth, ms          p50       p99"]
    lines += [f"  {'alone':<38} {alone.p50:>7.1f}   {alone.p99:>7.1f}"]
    lines += [
        f"  {f'while {LOGINS_AT_ONCE} people log in':<38} {beside.p50:>7.1f}   {beside.p99:>7.1f}"
    ]
    lines += [
        f"  {'ratio':<38} {beside.p50 / alone.p50:>7.1f}   {beside.p99 / alone.p99:>7.1f}",
        "",
    ]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
