"""What can be wrong with an inference call before it reaches llm."""

from tollgate_common.errors import Forbidden, NotFound


class ModelNotAllowed(Forbidden):
    """The key or user may not use this model."""

    code = "model_not_allowed"

    def __init__(self, model: str) -> None:
        super().__init__(f"This key may not use the model `{model}`.", param="model")


class UnknownRoute(NotFound):
    """No such inference route."""

    code = "unknown_url"
