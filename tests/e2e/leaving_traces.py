"""A run through everything that takes or hands out a secret; it remembers them all.

Prompts carry a canary, and so do passwords, wrong ones too. Bodies that cannot be read carry one,
and requests that are none; and all of it is sent again while no table can be found.
"""

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests

from tests.e2e.platform import Platform

SCHEMAS = ("auth", "llm", "reports")
CALLS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "/v1/chat/completions": lambda prompt: {
        "messages": [{"role": "user", "content": prompt}], "user": prompt,
    },
    "/v1/messages": lambda prompt: {
        "messages": [{"role": "user", "content": prompt}], "max_tokens": 50, "system": prompt,
        "metadata": {"user_id": prompt},
    },
    "/v1/responses": lambda prompt: {"input": prompt, "instructions": prompt},
    "/v1/embeddings": lambda prompt: {"input": prompt},
}  # fmt: skip
TROUBLE = ("sandbox-error-500", "sandbox-error-429", "sandbox-cut", "unknown-to-all")


class Run:
    """`secrets`: every secret by what it is; `marker` is none. `sandbox_url` is for a provider."""

    def __init__(self, platform: Platform, database_url: str, sandbox_url: str) -> None:
        self.platform = platform
        self.sandbox_url = sandbox_url
        self.database_url = database_url
        self.secrets: dict[str, str] = {}
        self.marker = f"marker-{secrets.token_hex(8)}"
        self.last_request = ""
        self.invited = 0
        self.gone = False

    def secret(self, what: str, value: str | None = None) -> str:
        """Remembers the secret, or makes one that looks like none."""
        value = value or f"canary-{secrets.token_hex(12)}"
        self.secrets[f"{what} ({len(self.secrets)})"] = value
        return value

    def post(
        self, path: str, body: Any = None, token: str = "", version: str = "", **more: Any
    ) -> requests.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= {"anthropic-version": version} if version else {}
        answer = requests.post(
            self.platform.url + path, json=body, headers=headers, timeout=15, **more
        )
        self.last_request = answer.headers.get("x-request-id", "")
        return answer

    def made(self, path: str, body: Any = None, token: str = "", **more: Any) -> dict[str, Any]:
        answer = self.post(path, body, token or self.platform.token, **more)
        assert answer.ok, answer.text
        return dict(answer.json()) if answer.content else {}

    def everything(self) -> None:
        self.secret("administrator's password", self.platform.password)
        self.secret("administrator's token", self.platform.token)
        self.secret("first key", self.platform.api_key)
        self.people()
        self.machines()
        live, test = self.keys()
        self.providers()
        for key, model in ((test, "sandbox"), (live, "mine")):
            self.calls(key, model)
        for model in TROUBLE:
            self.calls(test, model)
        self.calls(live, "nowhere")
        self.report()
        self.garbled()
        with self.tables_gone():
            self.in_trouble(live)
        self.platform.made("/projects", {"name": self.marker})
        done = self.post("/v1/chat/completions", {"model": "sandbox", "messages": []}, test)
        self.last_request = done.headers["x-request-id"]

    def tokens(self, answer: Mapping[str, Any]) -> tuple[str, str]:
        access, refresh = answer["access_token"], answer["refresh_token"]
        return self.secret("access token", access), self.secret("refresh token", refresh)

    def log_in(self, email: str, password: str) -> tuple[str, str]:
        login = {"email": email, "password": password}
        return self.tokens(self.made("/api/v1/auth/login", login))

    def link(self, path: str, body: Any) -> str:
        """The token of a link."""
        answer = self.made(f"/api/v1{path}", body)
        return self.secret("link", answer["link"].partition("#")[2])

    def invitation(self) -> tuple[str, str]:
        self.invited += 1
        email = f"{self.marker}-{self.invited}@example.org"
        return email, self.link("/invitations", {"email": email})

    def people(self) -> None:
        """In, by invitation; with passwords right, wrong, changed and reset; out."""
        email, invitation = self.invitation()
        first, second, third = (self.secret("password") for _ in range(3))
        accepted = {"token": invitation, "password": first}
        access, refresh = self.tokens(self.made("/api/v1/invitations/accept", accepted))
        assert self.post("/api/v1/invitations/accept", accepted).status_code == 400
        for wrong in (self.secret("wrong password"), self.secret("long password") * 60):
            login = {"email": email, "password": wrong, "surplus": self.secret("surplus")}
            assert self.post("/api/v1/auth/login", login).status_code == 422
            del login["surplus"]
            assert self.post("/api/v1/auth/login", login).status_code in (401, 422)
        change = {"current_password": self.secret("wrong password"), "new_password": second}
        assert self.post("/api/v1/auth/password", change, access).status_code == 403
        self.made("/api/v1/auth/password", change | {"current_password": first}, access)
        self.tokens(self.made("/api/v1/auth/refresh", {"refresh_token": refresh}))
        assert self.post("/api/v1/auth/refresh", {"refresh_token": refresh}).status_code == 401
        user = self.platform.api("GET", "/users").json()["data"][0]["id"]
        reset = {"token": self.link(f"/users/{user}/password-reset", {}), "password": third}
        self.made("/api/v1/auth/password/reset", reset)
        assert self.post("/api/v1/auth/password/reset", reset).status_code == 400
        access, _ = self.log_in(email, third)
        self.made("/api/v1/auth/logout", None, access)

    def machines(self) -> None:
        account = self.made("/api/v1/service-accounts", {"name": self.marker})
        who = (account["id"], self.secret("client secret", account["client_secret"]))
        form = {"grant_type": "client_credentials"}

        def token(**more: Any) -> requests.Response:
            return self.post("/oauth/token", **more)

        asking = token(data=form, auth=who).json()["access_token"]
        told = {**form, "client_id": who[0], "client_secret": who[1]}
        ending = token(data=told).json()["access_token"]
        wrong = self.secret("wrong client secret")
        assert token(data=form, auth=(who[0], wrong)).status_code == 401
        assert token(data=told | {"client_secret": wrong}).status_code == 401
        for one in (asking, ending, *self.log_in(self.platform.email, self.platform.password)):
            self.secret("machine's token", one)
            assert self.post("/oauth/introspect", data={"token": one}, auth=who).ok
        assert self.post("/v1/embeddings", {"model": "sandbox", "input": "x"}, asking).status_code
        assert self.post("/oauth/revoke", data={"token": ending}, auth=who).ok
        rotated = self.made(f"/api/v1/service-accounts/{account['id']}/rotate")
        self.secret("client secret", rotated["client_secret"])

    def keys(self) -> tuple[str, str]:
        """A live and a test key that work, after others that do not (any more)."""
        found = []
        for mode in ("live", "test"):
            key = self.made("/api/v1/keys", {"name": self.marker, "mode": mode})
            self.calls(self.secret("key", key["key"]), "sandbox")
            rotated = self.made(f"/api/v1/keys/{key['id']}/rotate", {"grace_seconds": 60})
            found.append(self.secret("key", rotated["key"]))
            self.post("/v1/models", token=self.secret("mistyped key", rotated["key"][:-1] + "-"))
            requests.get(f"{self.platform.url}/v1/models?key={rotated['key']}", timeout=10)
        return found[0], found[1]

    def providers(self) -> None:
        """One that works, one where nobody is, one that is refused; and the models on them."""
        urls = {"mine": f"{self.sandbox_url}/v1", "nowhere": "http://127.0.0.1:9", "wrong": "file:"}
        for name, url in urls.items():
            provider = {"kind": "openai", "base_url": url, "api_key": self.secret("provider's key")}
            answer = self.platform.api("PUT", f"/providers/{name}", json=provider)
            assert answer.ok is (name != "wrong"), answer.text
        for name in ("mine", "nowhere"):
            routes = [{"provider": name, "model": "sandbox"}]
            assert self.platform.api("PUT", f"/models/{name}", json={"routes": routes}).ok
        sso = {"issuer": "http://127.0.0.1:9", "client_id": "x", "domains": ["example.org"],
               "client_secret": self.secret("identity provider's secret")}  # fmt: skip
        answer = self.platform.api("PUT", "/sso/nowhere", json=sso)
        assert answer.ok, answer.text

    def calls(self, key: str, model: str) -> None:
        """Of every kind, whole and streamed, with a prompt that nobody is to keep."""
        for path, body in CALLS.items():
            said = {"model": model, **body(self.secret("prompt"))}
            self.try_call(path, said, key)
            if path != "/v1/embeddings":
                self.try_call(path, said | {"stream": True}, key)

    def try_call(self, path: str, body: Any, key: str) -> None:
        model = body["model"]
        try:
            answer = self.post(path, body, key, version="2023-06-01" if "messages" in path else "")
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            assert model == "sandbox-cut"
        else:
            works = model == "sandbox" or (model == "mine" and "messages" not in path)
            assert answer.ok or not works or self.gone, answer.text

    def report(self) -> None:
        asked = {"type": "usage", "format": "csv", "timezone": "UTC"}
        self.made("/api/v1/reports", asked)
        self.post("/api/v1/reports", asked | {"type": self.secret("nonsense")}, self.platform.token)

    def garbled(self) -> None:
        """Requests that are none: the servers' own complaints must not repeat them."""
        parts = urlsplit(self.platform.url)
        for words in ("authorization Bearer {}", "authorization: Bearer {}\x01", "{}: x", " {}",
                      "authorization : {}", "x-api-key: {}" + "x" * 20000,
                      "content-length: {}", "transfer-encoding: {}", "expect: {}"):  # fmt: skip
            header = words.format(self.secret("garbled header"))
            line = f"GET /v1/models?key={self.secret('garbled line')} HTTP/1.1"
            for request in (f"{line}\r\n{header}\r\n\r\n", f"{line}x\r\n\r\n", f"{header}\r\n\r\n"):
                with socket.create_connection((parts.hostname, parts.port), timeout=5) as server:
                    server.sendall(request.encode())
                    with contextlib.suppress(OSError):  # it may have hung up already
                        server.shutdown(socket.SHUT_WR)
                    server.recv(1000)
        for path in ("auth/login", "auth/refresh", "invitations/accept", "reports", "keys"):
            for body in ('{{"a": "{}"', '["{}"]', '{{"{}": 1}}', "{}"):
                text = body.format(self.secret("garbled body"))
                url = f"{self.platform.url}/api/v1/{path}"
                headers = {"authorization": f"Bearer {self.platform.token}"}
                assert not requests.post(url, data=text, headers=headers, timeout=10).ok

    @contextmanager
    def tables_gone(self) -> Iterator[None]:
        """Every statement fails, and every failure is told in the logs."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for schema in SCHEMAS:
                connection.execute(f"ALTER SCHEMA {schema} RENAME TO {schema}_gone")
            self.gone = True
            try:
                yield
            finally:
                self.gone = False
                for schema in SCHEMAS:
                    connection.execute(f"ALTER SCHEMA {schema}_gone RENAME TO {schema}")

    def in_trouble(self, live: str) -> None:
        token, password = self.platform.token, self.platform.password
        form = {"grant_type": "client_credentials", "client_id": "sva_" + "0" * 32}
        provider = {"kind": "openai", "api_key": self.secret("provider's key")}
        answers = [
            self.post("/api/v1/auth/login", {"email": self.platform.email, "password": password}),
            self.post("/oauth/token", data={**form, "client_secret": self.secret("client secret")}),
            self.post("/api/v1/keys", {"name": self.marker}, token),
            self.platform.api("PUT", "/providers/mine", json=provider),
            self.platform.api("GET", "/usage"),
        ]
        assert [answer.status_code >= 500 for answer in answers] == [True] * len(answers)
        self.calls(live, "mine")
