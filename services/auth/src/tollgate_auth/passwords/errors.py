from tollgate_common.errors import Forbidden, InvalidField


class WrongPassword(Forbidden):
    code = "wrong_password"
    audited_as = "password.refused"

    def __init__(self) -> None:
        super().__init__("This is not your current password.", param="current_password")


class WeakPassword(InvalidField):
    code = "weak_password"

    def __init__(self, param: str) -> None:
        super().__init__(
            f"{param}: too easy to guess. Take four or more rare words, or let a password manager"
            " make one; names, addresses, dates, rows of keys and repetitions add little.",
            param=param,
        )
