from tollgate_common.errors import Conflict


class TooManyMemberships(Conflict):
    """What a person's sessions carry stays small."""

    code = "too_many_memberships"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A person has at most {most} memberships: give them a role in the organisation that"
            " counts in every project.",
            param="user_id",
        )
