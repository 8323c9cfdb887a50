from tollgate_common.errors import Unauthorized


class WrongLogin(Unauthorized):
    """The same for an unknown address, a wrong password and a deactivated user."""

    def __init__(self) -> None:
        super().__init__("Email or password is wrong.")


class SpentToken(Unauthorized):
    """A refresh token came twice: one of the two was stolen. What was done about it is kept."""

    keeps_changes = True

    def __init__(self) -> None:
        super().__init__("The refresh token was used before; the session has been ended.")


class SessionOver(Unauthorized):
    def __init__(self) -> None:
        super().__init__("The session has ended; please log in again.")
