"""Calls as the seeded owner, counted, and kept from ending the run itself."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.core.transport import Response

from tests.api.checks import CHECKS
from tests.e2e.platform import Platform


@dataclass
class Caller:
    """The owner, their session, and what happened so far."""

    url: str
    session: requests.Session
    headers: dict[str, str]
    own: dict[tuple[str, str], str]
    answers: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, platform: Platform) -> "Caller":
        sessions = platform.api("GET", "/auth/sessions").json()["data"]
        own = {
            # Ending the session that makes these calls ends the run.
            ("DELETE", "session_id"): next(row["id"] for row in sessions if row["current"]),
            # Another role, or none: every later answer would be 401 or 403.
            ("PATCH", "user_id"): platform.api("GET", "/me").json()["user"],
        }
        headers = {"Authorization": f"Bearer {platform.token}"}
        return cls(platform.url, platform.session, headers, own)

    def spare(self, case: Case[Any]) -> None:
        """A call that would end the run is turned to somebody who is not there."""
        for (method, name), value in self.own.items():
            if case.method == method and case.path_parameters.get(name) == value:
                case.path_parameters[name] = f"{value[:4]}{'0' * 32}"

    def transport(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "session": self.session,
            "headers": self.headers,
            "timeout": 20,
            "allow_redirects": False,
        }

    def call(self, case: Case[Any]) -> Response:
        """Call and check."""
        self.spare(case)
        response = case.call(**self.transport())
        self.count(case, response)
        self.check(case, response)
        return response

    def check(
        self, case: Case[Any], response: Response, checks: list[CheckFunction] = CHECKS
    ) -> None:
        case.validate_response(
            response, checks, headers=self.headers, transport_kwargs=self.transport()
        )

    def count(self, case: Case[Any], response: Response) -> None:
        self.answers[f"{response.status_code // 100}xx"] += 1
        self.succeeded[case.operation.label] += response.status_code < 400

    def figures(self) -> str:
        without = [label for label, count in sorted(self.succeeded.items()) if not count]
        return (
            f"{self.answers.total()} calls of {len(self.succeeded)} operations: "
            f"{', '.join(f'{n} {kind}' for kind, n in sorted(self.answers.items()))}.\n"
            f"Never with success ({len(without)}): {', '.join(without) or 'none'}."
        )
