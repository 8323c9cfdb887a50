"""Calls of one credential, counted, and kept from ending the run itself."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.core.transport import Response

from tests.api.checks import CHECKS


@dataclass
class Caller:
    """A credential, what it must not end or see, and what happened so far. `own` are the objects
    that a call would end the run with, by method and path parameter; `unseen` are texts that are in
    objects of others alone."""

    name: str
    url: str
    session: requests.Session
    headers: dict[str, str]
    own: dict[tuple[str, str], str]
    unseen: tuple[str, ...] = ()
    answers: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)

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
        shown = [text for text in self.unseen if text in response.text]
        assert not shown, f"{case.operation.label} shows {self.name} what is others': {shown}"

    def count(self, case: Case[Any], response: Response) -> None:
        self.answers[f"{response.status_code // 100}xx"] += 1
        self.succeeded[case.operation.label] += response.status_code < 400

    def figures(self) -> str:
        without = [label for label, count in sorted(self.succeeded.items()) if not count]
        return (
            f"{self.name}: {self.answers.total()} calls of {len(self.succeeded)} operations: "
            f"{', '.join(f'{n} {kind}' for kind, n in sorted(self.answers.items()))}.\n"
            f"Never with success ({len(without)}): {', '.join(without) or 'none'}."
        )
