from tollgate_common.errors import Conflict


class LimitExists(Conflict):
    """The subject has a limit that differs in nothing, or only in its maximum."""

    code = "limit_exists"

    def __init__(self, limit_id: str) -> None:
        super().__init__(
            f"The limit {limit_id} has the same subject, models, metric, window, mode and time "
            "zone; change that one."
        )
