"""What the end-to-end tests know of the platform under test: what any client would know."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from anthropic import Anthropic, AsyncAnthropic
from dotenv import dotenv_values
from openai import AsyncOpenAI, OpenAI

DEADLINE_SECONDS = 10.0


def eventually(question: Callable[[], Any], within: float = DEADLINE_SECONDS) -> Any:
    """The first true answer, asked again and again until the deadline."""
    deadline = time.monotonic() + within
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            assert answer, f"not within {within} s"
            return answer
        time.sleep(0.02)


@dataclass(frozen=True)
class Key:
    """A freshly made API key, on a project of its own, so that its usage is its own."""

    id: str
    project: str
    secret: str = field(repr=False)


@dataclass
class Platform:
    """A running platform: where it is, and its administrator."""

    url: str
    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    sandbox_url: str | None = None
    session: requests.Session = field(default_factory=requests.Session, repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_credentials(cls, path: Path) -> "Platform":
        values = {name: value or "" for name, value in dotenv_values(path).items()}
        return cls(
            url=values["TOLLGATE_URL"],
            email=values["TOLLGATE_ADMIN_EMAIL"],
            password=values["TOLLGATE_ADMIN_PASSWORD"],
            api_key=values["TOLLGATE_API_KEY"],
            sandbox_url=values.get("TOLLGATE_SANDBOX_URL"),
        )

    def log_in(self) -> None:
        credentials = {"email": self.email, "password": self.password}
        answer = self.session.post(f"{self.url}/api/v1/auth/login", json=credentials, timeout=10)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        """A management call as the administrator."""
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.session.request(
            method, f"{self.url}/api/v1{path}", headers=headers, timeout=15, **more
        )

    def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.api("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def new_key(self, **more: Any) -> Key:
        name = f"test {uuid.uuid4().hex[:8]}"
        project = self.made("/projects", {"name": name})["id"]
        body = {"name": name, "project_id": project, "mode": "test", **more}
        made = self.made("/keys", body)
        return Key(id=made["id"], project=project, secret=made["key"])

    def post(self, path: str, body: Any, key: str, **headers: str) -> requests.Response:
        """A raw inference call."""
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        sent = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        return self.session.post(self.url + path, headers=sent | headers, timeout=30, **data)

    def openai(self, key: str, **more: Any) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, **more)

    def async_openai(self, key: str) -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0)

    def anthropic(self, key: str, **more: Any) -> Anthropic:
        return Anthropic(base_url=self.url, api_key=key, max_retries=0, **more)

    def async_anthropic(self, key: str) -> AsyncAnthropic:
        return AsyncAnthropic(base_url=self.url, api_key=key, max_retries=0)

    def usage(self, project: str, **parameters: str) -> dict[str, Any]:
        """Totals of a project in the books, by model."""
        asked = {"group_by": "project,model,status", "grain": "total", "mode": "test", **parameters}
        answer = self.api("GET", "/usage", params=asked)
        assert answer.status_code == 200, answer.text
        rows = [row for row in answer.json()["data"] if row["project"] == project]
        return {
            "requests": sum(row["requests"] for row in rows),
            "input_tokens": sum(row["input_tokens"] for row in rows),
            "output_tokens": sum(row["output_tokens"] for row in rows),
            "cost_usd": sum((Decimal(row["cost_usd"]) for row in rows), Decimal(0)),
            "statuses": {row["status"]: row["requests"] for row in rows if row["requests"]},
        }

    def row(self, request_id: str) -> dict[str, Any]:
        """The ledger row of a request, as soon as it is there."""

        def found() -> dict[str, Any] | None:
            answer = self.api("GET", f"/requests/{request_id}")
            assert answer.status_code in (200, 404), answer.text
            return answer.json() if answer.status_code == 200 else None

        return dict(eventually(found))
