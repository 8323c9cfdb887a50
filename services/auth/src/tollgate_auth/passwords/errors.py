from tollgate_common.errors import Forbidden


class WrongPassword(Forbidden):
    code = "wrong_password"
    audited_as = "password.refused"

    def __init__(self) -> None:
        super().__init__("This is not your current password.", param="current_password")
