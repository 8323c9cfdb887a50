"""What reports knows of a project: how much it has spent."""

from collections.abc import Callable

import msgspec

from tollgate_auth.projects.schemas import Spend
from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient

SCOPE = "spend:read"
ANSWER_SECONDS = 30.0

_read = msgspec.json.Decoder(Spend).decode


class SpendClient:
    """With reports or its database away it raises `DependencyDown`. `token` signs one for a scope
    of reports: auth needs nobody's leave for its own."""

    def __init__(self, reports: ControlClient, token: Callable[[str], str]) -> None:
        self._reports = reports
        self._token = token

    def of_project(self, org: str, project: str) -> Spend:
        answer = self._reports.request(
            "GET",
            "/internal/v1/spend",
            params={"org": org, "project": project},
            token=self._token(SCOPE),
            timeout=ANSWER_SECONDS,
        )
        if not answer.ok:
            raise DependencyDown("reports")
        return _read(answer.content)
