"""What can go wrong with a request that is asked for."""

from tollgate_common.errors import NotFound


class UnknownRequest(NotFound):
    code = "request_not_found"

    def __init__(self) -> None:
        super().__init__(
            "No request of this id is in the ledger. One that still runs appears when it has ended."
        )
