from typing import Any

from tollgate_auth.fields import reply
from tollgate_auth.offboarding import service
from tollgate_auth.offboarding.schemas import Belongings, OffboardingIn, OffboardingOut
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_auth.users.endpoints import namespace
from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import document, json_body

belongings = document(namespace, Belongings)
body, outcome = document(namespace, OffboardingIn), document(namespace, OffboardingOut)


@namespace.route("/<id:user_id>/belongings")
class BelongingsOfUser(TransactionalResource):
    @requires("users:read")
    @namespace.documented(
        {
            200: ("What is the user's.", belongings),
            403: "This needs `keys:read`, too.",
        }
    )
    def get(self, user_id: str) -> dict[str, Any]:
        return reply(service.belongings(current_caller(), user_id))


@namespace.route("/<id:user_id>/offboard")
class Offboarding(TransactionalResource):
    @requires("users:write")
    @namespace.documented(
        {
            200: ("The user is deactivated, and has neither keys nor service accounts.", outcome),
            403: "The user, or a key or service account of theirs, could do what the caller or the"
            " successor cannot.",
            404: "There is no such user or successor.",
            409: "The organisation would be without an owner, or the successor is deactivated.",
        },
        body=body,
    )
    def post(self, user_id: str) -> dict[str, Any]:
        return reply(service.offboard(current_caller(), user_id, json_body(OffboardingIn)))
