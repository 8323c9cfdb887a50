"""The links that a user has made or was sent: they end with the rights they were made with."""

from datetime import UTC, datetime

from tollgate_auth.invitations import repository as invitations
from tollgate_auth.keys import repository as keys
from tollgate_auth.users.models import User


def end(user: User) -> None:
    """End the invitations and reset links of a user who is deactivated or demoted, and of their
    keys. None of them works again when the user has their rights back."""
    user.links_ended_at = datetime.now(UTC)
    invitations.revoke_made_by(user.org_id, [user.id, *keys.ids_of_user(user.id)])
