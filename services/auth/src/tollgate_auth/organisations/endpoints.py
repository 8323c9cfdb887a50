from typing import Any

from tollgate_auth.fields import reply
from tollgate_auth.organisations import repository, service
from tollgate_auth.organisations.schemas import OrganisationFull, OrganisationPatch
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import authenticated, current_caller, requires
from tollgate_common.restx import Noun, document, json_body

namespace = Noun("organisation", description="The organisation that the caller belongs to.")
one, patching = document(namespace, OrganisationFull), document(namespace, OrganisationPatch)


@namespace.route("")
class OwnOrganisation(TransactionalResource):
    @authenticated
    @namespace.documented({200: ("The organisation.", one)})
    def get(self) -> dict[str, Any]:
        return reply(OrganisationFull.of(repository.get(current_caller().org)))

    @requires("organisation:write")
    @namespace.documented({200: ("The organisation as it is now.", one)}, body=patching)
    def patch(self) -> dict[str, Any]:
        organisation = service.update(current_caller(), json_body(OrganisationPatch))
        return reply(OrganisationFull.of(organisation))
