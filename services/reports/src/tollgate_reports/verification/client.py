"""What other services know: auth the limits, the sandbox what it has answered."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from tollgate_common.errors import DependencyDown
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_reports.verification.schemas import KnownLimit, LimitPage, Served, ServedLog

SCOPE = "limits:read"
SERVED_SECONDS = 60.0

_read_page = msgspec.json.Decoder(LimitPage).decode
_read_log = msgspec.json.Decoder(ServedLog).decode


class LimitClient:
    """With auth away it raises `DependencyDown`."""

    def __init__(self, auth: ControlClient, tokens: ServiceTokens) -> None:
        self._auth = auth
        self._tokens = tokens

    def every(self) -> Iterator[KnownLimit]:
        """The limits of all organisations."""
        after: str | None = ""
        while after is not None:
            params = {"after": after} if after else {}
            token = self._tokens.get("auth", SCOPE)
            answer = self._auth.request("GET", "/internal/v1/limits", params=params, token=token)
            if not answer.ok:
                raise DependencyDown("auth")
            page = _read_page(answer.content)
            yield from page.data
            after = page.next


class SandboxClient:
    """With the sandbox away it raises `DependencyDown`."""

    def __init__(self, sandbox: ControlClient) -> None:
        self._sandbox = sandbox

    def served(self, since: datetime) -> list[Served]:
        params = {"since": timestamp(since)}
        answer = self._sandbox.request("GET", "/served", params=params, timeout=SERVED_SECONDS)
        if not answer.ok:
            raise DependencyDown("the sandbox")
        return _read_log(answer.content).data
