"""What cannot be said in the other dialect."""

from collections.abc import Mapping
from typing import ClassVar

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


class UnsupportedParameter(BadRequest):
    """A parameter that the provider's dialect has no way to say. `path` is its path in the request,
    `reason` is what the message says of it."""

    code = "unsupported_parameter"

    def __init__(self, param: str, reason: str) -> None:
        self.path, self.reason = param, reason
        super().__init__(
            f"`{param}` cannot be passed on to this model's provider: {reason}. Leave it out, or "
            "have it left out by `x-tollgate-drop-params: true` or the setting `unsupported`.",
            param=param,
        )


class UnsupportedThread(BadRequest):
    """A thread is the provider's own memory of a conversation: dropping the parameter would drop
    what was said before. Anthropic's tool runners know this code, and send all of it again."""

    code = "thread_unsupported_request"
    details: ClassVar[Mapping[str, str]] = {"error_code": code}

    def __init__(self) -> None:
        super().__init__(
            "`thread` cannot be passed on to this model's provider: nothing is stored there. Send "
            "the whole conversation without it.",
            param="thread",
        )
