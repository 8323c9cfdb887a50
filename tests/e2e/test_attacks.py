"""Garbled credentials, lying headers, requests out of bounds: refused, or without effect."""

import base64
import contextlib
import http.client
import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.forging import DEEP, decoded
from tests.e2e.platform import Platform

PASSWORD = "correct horse battery staple"
FORM = {"grant_type": b"client_credentials"}
GARBLED = {
    "sql": "' OR '1'='1' --",
    "more sql": "'; DROP TABLE auth.users; --",
    "a nul": "a\0b",
    "a line's end": "a\r\nx-injected: yes",
    "half a surrogate": "\ud800",
    "not ascii": "é\u202e\N{SNOWMAN}",
    "a template": "{{7*7}}${7*7}%s%n",
    "a path": "../../../etc/passwd\0",
    "overlong": "x" * 20_000,
    "dots": "." * 3000,
    "deep json": DEEP,
    "nothing": "",
}


class Raw(NamedTuple):
    status: int
    content: bytes


def raw(platform: Platform, head: bytes, body: bytes = b"", line: bytes = b"") -> Raw:
    """What a plain socket gets for header lines that no client would send."""
    parts = urlsplit(platform.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.connect()
    length = b"content-length: %d\r\nconnection: close\r\n" % len(body)
    request = (line or b"GET /api/v1/me") + b" HTTP/1.1\r\n" + head + length + b"\r\n" + body
    with contextlib.suppress(OSError):  # it need not read all of it to refuse it
        connection.sock.sendall(request)
    answer = http.client.HTTPResponse(connection.sock)
    answer.begin()
    found = Raw(answer.status, str(answer.headers).encode() + answer.read())
    connection.close()
    return found


def fault_of(answer: requests.Response | Raw) -> str:
    """Why the answer is no clean refusal; nothing when it is one: 4xx, and nothing in it of ours
    or of a header that was slipped in."""
    status = answer.status if isinstance(answer, Raw) else answer.status_code
    if not 400 <= status < 500:
        return f"{status}: {answer.content[:300]!r}"
    told = [word for word in (b"traceback", b"x-injected: yes") if word in answer.content.lower()]
    return f"{status} tells {told}" if told else ""


def send(platform: Platform, path: str, body: Any, **headers: str) -> requests.Response:
    """JSON in ASCII: half a surrogate has no other form."""
    headers = {"content-type": "application/json", **headers}
    return requests.post(platform.url + path, data=json.dumps(body), headers=headers, timeout=10)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def basic(client: str, secret: str) -> bytes:
    return b"Basic " + base64.b64encode(as_bytes(f"{client}:{secret}"))


@pytest.mark.parametrize("name", GARBLED)
def test_a_garbled_field_of_a_body_is_refused(platform: Platform, name: str) -> None:
    text = GARBLED[name]
    for path, body in {
        "auth/login": {"email": text, "password": PASSWORD},
        "auth/login ": {"email": f"{uuid.uuid4().hex}@example.org", "password": text},
        "auth/refresh": {"refresh_token": text},
        "invitations/accept": {"token": text, "password": PASSWORD},
        "auth/password/reset": {"token": text, "password": PASSWORD},
    }.items():
        answer = send(platform, f"/api/v1/{path.strip()}", body)
        assert not fault_of(answer)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["auth/login", "auth/refresh", "invitations/accept",
                                  "auth/password/reset"])  # fmt: skip
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"\0", DEEP.encode(), b'{"a":' * 2500,
                                  b'{"password":' + b"9" * 5000])  # fmt: skip
def test_a_garbled_body_is_refused(platform: Platform, path: str, body: bytes) -> None:
    assert not fault_of(requests.post(f"{platform.url}/api/v1/{path}", data=body, timeout=10))


@pytest.mark.parametrize("name", GARBLED)
def test_a_garbled_credential_in_a_header_is_refused(platform: Platform, name: str) -> None:
    text = as_bytes(GARBLED[name])
    for line in (b"GET /api/v1/me", b"GET /v1/models", b"POST /oauth/token"):
        for field in (b"authorization: Bearer ", b"authorization: Basic ", b"authorization: ",
                      b"x-api-key: ", b"x-api-key: tg_live_"):  # fmt: skip
            assert not fault_of(raw(platform, b"host: x\r\n" + field + text + b"\r\n", line=line))


@pytest.mark.parametrize("name", GARBLED)
def test_a_garbled_client_is_refused(platform: Platform, name: str) -> None:
    text = GARBLED[name]
    account = platform.made("/service-accounts", {"name": "attacked"})
    for client, secret in ((text, text), (account["id"], text), ("gateway", text),
                           (text, account["client_secret"])):  # fmt: skip
        head = b"host: x\r\nauthorization: " + basic(client, secret) + b"\r\n"
        form = {**FORM, "client_id": as_bytes(client), "client_secret": as_bytes(secret),
                "token": b"x"}  # fmt: skip
        for action in ("token", "introspect", "revoke"):
            assert not fault_of(raw(platform, head, line=f"POST /oauth/{action}".encode()))
            assert not fault_of(requests.post(f"{platform.url}/oauth/{action}", form, timeout=10))


@pytest.mark.parametrize("name", GARBLED)
def test_a_garbled_token_is_of_no_interest_to_oauth(platform: Platform, name: str) -> None:
    account = platform.made("/service-accounts", {"name": "asking"})
    who = (account["id"], account["client_secret"])
    form = {"token": as_bytes(GARBLED[name])}
    asked = requests.post(f"{platform.url}/oauth/introspect", form, auth=who, timeout=10)
    if asked.status_code == 200:
        assert asked.json() == {"active": False}
    else:
        assert not fault_of(asked)
    revoked = requests.post(f"{platform.url}/oauth/revoke", form, auth=who, timeout=10)
    assert revoked.status_code == asked.status_code
    for field in ("scope", "audience", "grant_type"):
        form = {**FORM, field: as_bytes(GARBLED[name])}
        granted = requests.post(f"{platform.url}/oauth/token", form, auth=who, timeout=10)
        assert granted.status_code < 500
        assert granted.status_code == 400 or not GARBLED[name]


BOUNDS = {
    "a header of 1 MB": b"x-long: " + b"x" * 1_000_000 + b"\r\n",
    "a credential of 1 MB": b"authorization: Bearer " + b"x" * 1_000_000 + b"\r\n",
    "a huge basic": b"authorization: Basic " + b"eDp4" * 4000 + b"\r\n",
    "200 headers": b"".join(b"x-%d: 1\r\n" % number for number in range(200)),
    "an empty bearer": b"authorization: Bearer \r\n",
    "a bearer without a space": b"authorization: Bearer\r\n",
    "two credentials": b"authorization: Bearer a\r\nauthorization: Bearer b\r\n",
    "a folded header": b"authorization: Bearer\r\n x\r\n",
    "no colon": b"authorization Bearer x\r\n",
    "a space before the colon": b"authorization : Bearer x\r\n",
    "two lengths": b"content-length: 5\r\n",
    "a length and chunks": b"transfer-encoding: chunked\r\n",
    "a negative length": b"content-length: -1\r\n",
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_request_out_of_bounds_is_refused(platform: Platform, name: str) -> None:
    assert not fault_of(raw(platform, b"host: x\r\n" + BOUNDS[name]))


def test_as_many_headers_as_the_gateway_takes_reach_a_model(platform: Platform) -> None:
    many = {f"x-{number}": "1" for number in range(90)}
    body = {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]}
    answer = send(platform, "/v1/chat/completions", body,
                  authorization=f"Bearer {platform.api_key}", **many)  # fmt: skip
    assert answer.status_code == 200


ELSEWHERE = "elsewhere.example"
LIES = {
    "host": {"host": ELSEWHERE},
    "forwarded": {
        "x-forwarded-host": ELSEWHERE, "x-forwarded-proto": "https", "x-forwarded-port": "1",
        "x-forwarded-for": "203.0.113.5", "x-forwarded-prefix": "/x", "x-real-ip": "203.0.113.5",
        "forwarded": f"for=203.0.113.5;host={ELSEWHERE};proto=https", "x-forwarded-ssl": "on",
        "true-client-ip": "203.0.113.5", "x-original-url": "/x", "x-rewrite-url": "/x",
    },
    "a chain": {"x-forwarded-for": "203.0.113.5, 203.0.113.5, 127.0.0.1, ' OR 1=1"},
    "underscores": {"x_forwarded_for": "203.0.113.5", "script_name": "/x", "path_info": "/x",
                    "remote_addr": "203.0.113.5"},
    "contradictions": {"x-forwarded-proto": "https", "x-forwarded-ssl": "off"},
}  # fmt: skip
Lies = Mapping[str, str]


@pytest.fixture(params=LIES)
def lies(request: pytest.FixtureRequest) -> Lies:
    return LIES[request.param]


def test_a_header_does_not_change_where_links_lead(platform: Platform, lies: Lies) -> None:
    def made(path: str, body: Any, headers: Lies) -> str:
        link = platform.api("POST", path, json=body, headers=dict(headers)).json()["link"]
        return str(link).partition("#")[0]

    me = platform.api("GET", "/me").json()["user"]
    invited = [{"email": f"{uuid.uuid4().hex}@example.org"} for _ in range(2)]
    assert made("/invitations", invited[0], lies) == made("/invitations", invited[1], {})
    reset = f"/users/{me}/password-reset"
    assert made(reset, {}, lies) == made(reset, {}, {})


def test_a_header_does_not_change_who_we_say_we_are(platform: Platform, lies: Lies) -> None:
    where = f"{platform.url}/.well-known/oauth-authorization-server"
    plain = requests.get(where, timeout=10).json()
    assert requests.get(where, headers=dict(lies), timeout=10).json() == plain
    login = {"email": platform.email, "password": platform.password}
    token = send(platform, "/api/v1/auth/login", login, **lies).json()["access_token"]
    assert decoded(token.split(".")[1])["iss"] == plain["issuer"]
    for path in ("/api//v1/me", "/v1//models", "/docs/", "/openapi.json", "/invitation"):
        answer = requests.get(
            platform.url + path, headers=dict(lies), timeout=10, allow_redirects=False
        )
        assert answer.status_code in (200, 404)
        assert ELSEWHERE not in f"{answer.headers} {answer.text}"


def test_a_header_does_not_change_where_one_comes_from(platform: Platform, lies: Lies) -> None:
    def address(headers: Lies) -> str:
        name = {"name": uuid.uuid4().hex}
        made = platform.api("POST", "/projects", json=name, headers=dict(headers)).json()
        entries = platform.api("GET", "/audit-log", params={"target": made["id"]}).json()["data"]
        return str(entries[0]["address"])

    assert address(lies) == address({})
    key = platform.new_key(networks=["203.0.113.0/24"])
    for path in ("/v1/models", "/api/v1/keys"):
        headers = {**lies, "authorization": f"Bearer {key.secret}"}
        answer = requests.get(platform.url + path, headers=headers, timeout=10)
        assert answer.status_code == 403
        assert not fault_of(answer)


@pytest.mark.parametrize(
    "target",
    ["http://elsewhere.example/api/v1/me", "http://elsewhere.example:1/api/v1/keys?limit=1"],
)
def test_a_whole_url_in_the_request_line_is_its_path(platform: Platform, target: str) -> None:
    head = f"host: x\r\nauthorization: Bearer {platform.token}\r\n".encode()
    assert raw(platform, head, line=f"GET {target}".encode()).status == 200


@pytest.mark.parametrize(
    "target", ["//elsewhere.example/api/v1/me", "/api/v1/me/../../../internal/v1/principals", "*",
               "/api/v1/../../internal/v1/principals", "/v1/models/../../internal/v1/x",
               "/api/v1/me%00", "/api/v1/keys/%ff%0d%0ax", "/v1/models/%2e%2e%2f%2e%2e",
               "elsewhere", "/api/v1/auth/sso/../../../../internal/v1/principals"],
)  # fmt: skip
def test_no_path_leads_beside_the_routes(platform: Platform, target: str) -> None:
    head = f"host: x\r\nauthorization: Bearer {platform.token}\r\n".encode()
    for method in ("GET", "POST"):
        assert not fault_of(raw(platform, head, b"{}", line=f"{method} {target}".encode()))
