"""How the other services hand over to auth what they have counted."""

from http import HTTPStatus

import msgspec

from tollgate_common.audit.events import AuditBatch
from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_common.logging import get_logger

PATH = "/internal/v1/audit/occurrences"
SCOPE = "audit:note"

log = get_logger(__name__)


class AuditClient:
    """Auth down, or not to be asked: `DependencyDown`, and the batch is sent again. One that auth
    cannot read is dropped: it would hold up all that comes after it."""

    def __init__(self, auth: ControlClient, tokens: ServiceTokens) -> None:
        self._auth = auth
        self._tokens = tokens

    def deliver(self, batch: AuditBatch) -> None:
        token = self._tokens.get("auth", SCOPE)
        headers = {"content-type": "application/json"}
        answer = self._auth.request(
            "POST", PATH, data=msgspec.json.encode(batch), headers=headers, token=token
        )
        if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            log.error("audit_batch_dropped", batch=batch.id)
        elif not answer.ok:
            raise DependencyDown("auth")
