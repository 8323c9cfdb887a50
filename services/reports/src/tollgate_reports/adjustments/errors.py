"""Why a row is not adjusted."""

from tollgate_common.errors import Conflict


class NotEstimated(Conflict):
    """Figures that the provider reported are not for anybody to change."""

    code = "not_estimated"

    def __init__(self) -> None:
        super().__init__(
            "The figures of this request are the provider's own; only estimates can be adjusted."
        )


class NothingToAdjust(Conflict):
    code = "nothing_to_adjust"

    def __init__(self) -> None:
        super().__init__("These are the figures in the books already.")
