from tollgate_common.errors import Conflict


class HasAccount(Conflict):
    """For whom the link is, who did not choose the address here and has to know what to do."""

    code = "has_account"

    def __init__(self) -> None:
        super().__init__(
            "The address that was invited has an account here already, and an account"
            " belongs to one organisation. Log in with it, or ask for an invitation to another"
            " address of yours."
        )
