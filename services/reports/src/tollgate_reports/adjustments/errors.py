"""Why a row is not adjusted."""

from datetime import datetime

from tollgate_common.errors import Conflict


class Archived(Conflict):
    """The row has left the ledger with its month, and an archive is not changed."""

    code = "archived"

    def __init__(self, month: datetime) -> None:
        super().__init__(
            f"Requests of {month:%Y-%m} are archived: none of them can be adjusted any more."
        )


class SharedId(Conflict):
    """The id is the callers' own, and several requests have it: whoever sends another's id must not
    take the place of the request that is meant."""

    code = "shared_id"

    def __init__(self) -> None:
        super().__init__(
            "Several requests have this `x-client-request-id`: name the one by its `x-request-id`."
        )


class NothingToAdjust(Conflict):
    code = "nothing_to_adjust"

    def __init__(self) -> None:
        super().__init__("These are the figures in the books already.")
