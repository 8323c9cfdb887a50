"""What can be wrong with an inference call before it reaches llm."""

from tollgate_common.errors import BadRequest, Forbidden, NotFound


class ModelNotAllowed(Forbidden):
    """The key or user may not use this model."""

    code = "model_not_allowed"

    def __init__(self, model: str) -> None:
        super().__init__(f"This key may not use the model `{model}`.", param="model")


class ModelNotFound(NotFound):
    """llm knows nobody who has this model; `told` is what it says of that."""

    code = "model_not_found"

    def __init__(self, model: str, told: str | None = None) -> None:
        usual = f"The model `{model}` does not exist or you do not have access to it."
        super().__init__(told or usual, param="model")


class UnreadableBody(BadRequest):
    """What was skipped until now turns out to be no JSON, and a limit has to go by it."""

    code = "invalid_json"

    def __init__(self) -> None:
        super().__init__(
            "The body is no JSON to its end, and a limit on tokens or cost needs that.",
            param="body",
        )


class UnknownRoute(NotFound):
    """No such inference route."""

    code = "unknown_url"
