from typing import Any

from flask import request

from tollgate_auth.fields import reply
from tollgate_auth.invitations import repository, service
from tollgate_auth.invitations.schemas import (
    InvitationAccept,
    InvitationCreate,
    InvitationList,
    InvitationOut,
    InvitationQuery,
    InvitationWithLink,
)
from tollgate_auth.runtime import runtime
from tollgate_auth.sessions import service as sessions
from tollgate_auth.sessions.endpoints import NO_STORE
from tollgate_auth.sessions.schemas import Tokens
from tollgate_auth.tokens.refusals import link_refusals
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import current_caller, public, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, query

namespace = Noun("invitations", description="How people join the organisation.")
one, many = document(namespace, InvitationOut), document(namespace, InvitationList)
shown_once, tokens = document(namespace, InvitationWithLink), document(namespace, Tokens)
creation, acceptance = document(namespace, InvitationCreate), document(namespace, InvitationAccept)


@namespace.route("")
class Invitations(TransactionalResource):
    @requires("users:read")
    @namespace.documented(
        {200: ("A page of invitations, newest first.", many)}, params=(InvitationQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        rows, following = repository.page(current_caller().org, query(InvitationQuery))
        return page([service.shown(row) for row in rows], following)

    @requires("users:write")
    @namespace.documented(
        {
            201: ("The invitation, with its link, this once.", shown_once),
            403: "The role is beyond the caller's.",
            409: "The address is taken.",
        },
        body=creation,
    )
    def post(self) -> tuple[dict[str, Any], int]:
        wanted = json_body(InvitationCreate)
        invitation, link = service.create(current_caller(), wanted, runtime().links)
        return service.shown(invitation) | {"link": link}, 201


@namespace.route("/<id:invitation_id>")
class OneInvitation(TransactionalResource):
    @requires("users:read")
    @namespace.documented({200: ("The invitation.", one)})
    def get(self, invitation_id: str) -> dict[str, Any]:
        return service.shown(service.get(current_caller().org, invitation_id))

    @requires("users:write")
    @namespace.documented({204: "Its link works no more.", 409: "It was accepted."})
    def delete(self, invitation_id: str) -> tuple[str, int]:
        service.revoke(current_caller(), invitation_id)
        return "", 204


@namespace.route("/accept")
class Acceptance(TransactionalResource):
    @public
    @namespace.documented(
        {
            200: ("The new user is logged in.", tokens),
            400: "The link is wrong, used or too old.",
            409: "The address has an account here already.",
            429: "Too many attempts.",
        },
        body=acceptance,
        public=True,
    )
    def post(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        parts = runtime()
        sent, organisation_of = json_body(InvitationAccept), repository.organisation_of
        with link_refusals(parts.links, service.PURPOSE, sent.token, organisation_of):
            user = service.accept(sent, parts.passwords, parts.links, parts.taken)
        granted = sessions.start(user, str(request.user_agent), parts.issuer, "invitation")
        return reply(granted), 200, NO_STORE
