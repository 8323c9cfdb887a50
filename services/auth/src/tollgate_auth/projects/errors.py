from tollgate_auth.projects.schemas import Spend
from tollgate_common.errors import Conflict


class ProjectHasSpend(Conflict):
    """What a project has cost is told before it goes."""

    code = "project_has_spend"

    def __init__(self, spend: Spend) -> None:
        super().__init__(
            f"The project has spent {spend.text()}. To delete it all the same, send its name as "
            "`confirm`.",
            param="confirm",
        )
