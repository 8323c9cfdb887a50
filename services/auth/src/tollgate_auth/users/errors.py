from tollgate_common.errors import Conflict


class AddressTaken(Conflict):
    """The same whether the account is the organisation's own or another's."""

    def __init__(self) -> None:
        super().__init__("The address is taken.", param="email")
