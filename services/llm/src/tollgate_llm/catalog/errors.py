"""What can be wrong with a model's name."""

from tollgate_common.errors import NotFound


class ModelNotFound(NotFound):
    """Nobody whom this organisation may call has a model of that name."""

    code = "model_not_found"

    def __init__(self, model: str, because: str = "") -> None:
        super().__init__(
            f"The model `{model}` does not exist or you do not have access to it.{because}",
            param="model",
        )
