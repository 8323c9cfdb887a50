import msgspec
from flask import Blueprint, Response, request

from tollgate_auth.audit.series import service
from tollgate_common.audit import AuditBatch
from tollgate_common.audit.client import PATH, SCOPE
from tollgate_common.errors import InvalidField
from tollgate_common.guard import service_only

blueprint = Blueprint("audit_occurrences", __name__)

_decode = msgspec.json.Decoder(AuditBatch).decode


@blueprint.post(PATH)
@service_only(SCOPE)
def occurrences() -> Response:
    """The other services', a moment after the fact: what has occurred, and how often."""
    try:
        batch = _decode(request.get_data())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidField(f"This is no batch: {type(error).__name__}.", param="body") from None
    service.take(batch)
    return Response(status=204)
