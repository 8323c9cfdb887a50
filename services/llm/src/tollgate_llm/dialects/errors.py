"""What cannot be said in the other dialect."""

from tollgate_common.errors import BadRequest


class UnsupportedEndpoint(BadRequest):
    """The model's provider does not speak the protocol of the route that was called."""

    code = "unsupported_endpoint_for_model"

    def __init__(self, model: str, path: str, kinds: str) -> None:
        super().__init__(
            f"The model `{model}` is served by a provider of the kind {kinds}, which does not "
            f"speak {path}. Call it by that vendor's own route.",
            param="model",
        )
