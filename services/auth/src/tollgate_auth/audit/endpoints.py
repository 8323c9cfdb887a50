from typing import Any

from tollgate_auth.audit import repository, service
from tollgate_auth.audit.schemas import AuditEntryList, AuditEntryOut, AuditQuery
from tollgate_auth.fields import reply
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.errors import InvalidField
from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import Noun, Paging, document, page, page_cursor, page_size, query

namespace = Noun("audit-log", description="Who did what, newest first.")
many = document(namespace, AuditEntryList)


@namespace.route("")
class AuditLog(TransactionalResource):
    @requires("audit:read")
    @namespace.documented({200: ("A page of entries.", many)}, params=(AuditQuery, Paging))
    def get(self) -> dict[str, Any]:
        caller, before, asked = current_caller(), _number(page_cursor()), query(AuditQuery)
        org = caller.org
        entries, more = repository.newest_first(org, asked, page_size(), before)
        service.note(org, service.actor_of(caller), "audit_log.read", ("organisation", org))
        following = str(entries[-1].number) if more else None
        return page([reply(AuditEntryOut.of(entry)) for entry in entries], following)


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or len(text) > 18:
        raise InvalidField("cursor: not one that this list gave.", param="cursor")
    return int(text)
