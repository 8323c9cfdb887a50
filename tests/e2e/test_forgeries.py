"""Tokens that are forged, or were made for something else, open nothing, and are never a 5xx."""

import hashlib
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.e2e.conftest import CREDENTIALS
from tests.e2e.forging import FORGERIES, Original, decoded, encoded, token
from tests.e2e.platform import Key, Platform
from tests.e2e.stacks import own_platform
from tollgate_common.sealing import Sealer

CHAT = {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]}
PASSWORD = "correct horse battery staple"
Claims = dict[str, Any]


def refused(answer: requests.Response) -> None:
    """With 4xx, in the shape of the route, and not a word of what is behind it."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert "Traceback" not in answer.text
    assert "html" not in answer.headers.get("content-type", "")


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def call(platform: Platform, path: str, headers: Mapping[str, str]) -> requests.Response:
    return requests.get(platform.url + path, headers=dict(headers), timeout=10)


def send(platform: Platform, path: str, body: Any) -> requests.Response:
    """Nobody's call, of what is JSON even where it should not be (half a surrogate)."""
    headers = {"content-type": "application/json"}
    return requests.post(platform.url + path, data=json.dumps(body), headers=headers, timeout=10)


def no_credential(platform: Platform, text: str) -> set[int]:
    """The text opens nothing that a key or a user's token opens: the statuses that say so."""
    statuses = set()
    for headers in (bearer(text), {"x-api-key": text}):
        for path in ("/api/v1/me", "/v1/models"):
            answer = call(platform, path, headers)
            refused(answer)
            assert answer.status_code in (401, 403), (path, answer.text)
            statuses.add(answer.status_code)
    return statuses


@pytest.fixture(scope="module")
def original(platform: Platform) -> Original:
    return Original.of(platform.token, platform.url)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_worth_nothing_anywhere(
    platform: Platform, original: Original, forgery: str
) -> None:
    forged = FORGERIES[forgery](original)
    no_credential(platform, forged)
    assert send(platform, "/api/v1/auth/refresh", {"refresh_token": forged}).status_code == 401
    link = {"token": forged, "password": PASSWORD}
    for path in ("/api/v1/invitations/accept", "/api/v1/auth/password/reset"):
        assert send(platform, path, link).status_code == 400


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_an_address_in_a_tokens_header_is_never_called(
    platform: Platform, original: Original, name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/keys"
        no_credential(platform, original.by_stranger(**{name: address}))
        no_credential(platform, original.by_stranger(**{name: address}, kid="theirs"))
        with pytest.raises(BlockingIOError):
            server.accept()


# What is signed by auth, and yet is no access token.


class Inside(NamedTuple):
    """What an attacker who is inside could hold: the services' secrets, the signing key."""

    platform: Platform
    settings: Mapping[str, str]

    def granted(self, client: str, audience: str, scope: str = "") -> str:
        """A service's own token."""
        secret = json.loads(self.settings["SERVICE_CLIENTS"])[client]
        form = {"grant_type": "client_credentials", "audience": audience, "scope": scope}
        answer = requests.post(
            f"{self.settings['AUTH_URL']}/oauth/token", form, auth=(client, secret), timeout=10
        )
        return str(answer.json()["access_token"])

    def principal(self, session: str) -> dict[str, Any]:
        answer = requests.post(
            f"{self.settings['AUTH_URL']}/internal/v1/principals", json={"session_id": session},
            headers=bearer(self.granted("gateway", "auth", "principals:read")), timeout=10,
        )  # fmt: skip
        return dict(answer.json())

    def signing_key(self, kid: str) -> Ed25519PrivateKey:
        query = "SELECT private_key FROM auth.signing_keys WHERE kid = %s"
        with psycopg.connect(self.settings["DATABASE_URL"]) as connection:
            row = connection.execute(query, (kid,)).fetchone()
        assert row
        sealer = Sealer(self.settings["ENCRYPTION_KEY"])
        return Ed25519PrivateKey.from_private_bytes(sealer.open(row[0], f"signing-key:{kid}"))


@pytest.fixture(scope="module")
def inside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inside]:
    """The stack of this run, unless it is somebody else's, whose secrets are not at hand."""

    def of(state: Path, platform: Platform) -> Inside:
        return Inside(platform, json.loads((state / "environment/auth.json").read_text()))

    if CREDENTIALS in os.environ:
        with own_platform(tmp_path_factory.mktemp("inside")) as (stack, platform):
            yield of(stack.state, platform)
    else:
        file: Path = request.getfixturevalue("credentials_file")
        yield of(file.parent, request.getfixturevalue("platform"))


@pytest.fixture(scope="module")
def signed(inside: Inside) -> Callable[[Claims], str]:
    """Signs claims as auth would, on top of those of a real token."""
    real = Original.of(inside.platform.token, inside.platform.url)
    key = inside.signing_key(real.header["kid"])

    def sign(claims: Claims) -> str:
        said = {**real.claims, "jti": uuid.uuid4().hex, **claims}
        return token(real.header, {n: v for n, v in said.items() if v is not ...}, key.sign)

    return sign


LATER = 4_102_444_800  # 2100; nothing of the clock, or every worker would have tests of its own
DEFECTS: list[Claims] = [
    {"iss": "https://elsewhere.example"}, {"iss": ["https://tollgate.local"]}, {"iss": None},
    {"aud": "internal"}, {"aud": "tollgate-refresh"}, {"aud": "tollgate-link"}, {"aud": []},
    {"exp": 1_700_000_000}, {"exp": "never"}, {"exp": None}, {"exp": -1},
    {"nbf": LATER}, {"nbf": "soon"}, {"iat": LATER, "exp": LATER + 60}, {"iat": "now"},
    *({name: ...} for name in ("exp", "iat", "iss", "aud", "sub", "sid", "typ")),
    {"typ": "refresh"}, {"typ": "invitation"}, {"typ": ["access"]},
    {"sid": "ses_" + "0" * 32}, {"sid": ["x"]}, {"sid": "' OR '1'='1"}, {"sid": "\0"}, {"sid": ""},
    {"sid": "session"}, {"sid": "ses_" + "0" * 3000},
]  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: str(defect)[:60])
def test_a_signature_of_ours_does_not_make_an_access_token(
    inside: Inside, signed: Callable[[Claims], str], defect: Claims
) -> None:
    assert call(inside.platform, "/api/v1/me", bearer(signed({}))).status_code == 200
    no_credential(inside.platform, signed(defect))


@pytest.mark.parametrize("audience", ["auth", "llm", "gateway"])
def test_a_services_token_is_no_users(inside: Inside, audience: str) -> None:
    client = "llm" if audience == "gateway" else "gateway"
    assert no_credential(inside.platform, inside.granted(client, audience)) <= {401, 403}


def test_an_assertion_is_good_behind_the_gateway_only(
    inside: Inside, signed: Callable[[Claims], str]
) -> None:
    session = decoded(inside.platform.token.split(".")[1])["sid"]
    assertion = inside.principal(session)["assertion"]
    behind = requests.get(
        f"{inside.settings['AUTH_URL']}/api/v1/me", headers=bearer(assertion), timeout=10
    )
    assert behind.status_code == 200
    no_credential(inside.platform, assertion)


def test_tokens_for_other_purposes_are_no_access_tokens(platform: Platform) -> None:
    login = {"email": platform.email, "password": platform.password}
    refresh = send(platform, "/api/v1/auth/login", login).json()["refresh_token"]
    invited = platform.made("/invitations", {"email": f"{uuid.uuid4().hex}@example.org"})
    me = platform.api("GET", "/me").json()["user"]
    reset = platform.made(f"/users/{me}/password-reset", {})
    links = [made["link"].partition("#")[2] for made in (invited, reset)]
    for borrowed in (refresh, *links):
        no_credential(platform, borrowed)
    for link, path in zip(links, ("auth/password/reset", "invitations/accept"), strict=True):
        answer = send(platform, f"/api/v1/{path}", {"token": link, "password": PASSWORD})
        assert answer.status_code == 400
    for borrowed in (platform.token, *links):
        answer = send(platform, "/api/v1/auth/refresh", {"refresh_token": borrowed})
        assert answer.status_code == 401


def test_a_keys_hash_is_no_key(platform: Platform, key: Key) -> None:
    digest = hashlib.sha256(key.secret.encode())
    for text in (digest.hexdigest(), f"tg_test_{digest.hexdigest()[:38]}", encoded(digest.digest()),
                 key.secret.swapcase(), key.secret[:-1], f"{key.secret} {key.secret}"):  # fmt: skip
        assert no_credential(platform, text) == {401}


def test_our_own_headers_from_outside_change_nothing(platform: Platform, key: Key) -> None:
    other = platform.new_key()
    me = platform.api("GET", "/me").json()
    ours = {"x-tollgate-on-behalf-key": other.id, "x-tollgate-on-behalf-user": me["user"],
            "x-tollgate-ticket": str(uuid.uuid4())}  # fmt: skip
    for headers in (ours, {**ours, **bearer("x")}):
        assert call(platform, "/api/v1/me", headers).status_code == 401
    assert platform.api("GET", "/me", headers=ours).json() == me
    answer = platform.post("/v1/chat/completions", CHAT, key.secret, **ours)
    assert answer.status_code == 200
    assert platform.row(answer.headers["x-request-id"])["key"] == key.id
