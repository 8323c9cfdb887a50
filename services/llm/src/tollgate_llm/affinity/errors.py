"""What can be wrong with an id that a caller sends.

BadRequest 400 ── ForeignId 404, OtherProvider, SeveralProviders, TooManyIds
"""

from tollgate_common.errors import BadRequest

KEPT_DAYS = 30


class ForeignId(BadRequest):
    """The caller's project has not got this id, or too long ago. It is a bad request to one route,
    as others are: a route that would not be sent the id may answer."""

    status = 404
    code = "not_found"

    def __init__(self, field: str) -> None:
        is_response = field == "previous_response_id"
        super().__init__(
            f"`{field}`: this project has got no such id from a provider through Tollgate within"
            f" the last {KEPT_DAYS} days.",
            param=field,
            code="previous_response_not_found" if is_response else None,
        )


class TooManyIds(BadRequest):
    """More ids than are looked up for one request."""

    code = "too_many_ids"

    def __init__(self, field: str, most: int) -> None:
        super().__init__(
            f"`{field}`: a request may refer to at most {most} things that a provider has stored.",
            param=field,
        )


class OtherProvider(BadRequest):
    """The model is not routed to the provider that made the id."""

    code = "other_provider"

    def __init__(self, field: str, provider: str, model: str) -> None:
        super().__init__(
            f"`{field}` was made by the provider `{provider}`, and the model `{model}` has no route"
            " to it as it was set up then.",
            param=field,
        )


class SeveralProviders(BadRequest):
    """Two ids of one request were made by different providers."""

    code = "several_providers"

    def __init__(self, field: str, provider: str, other: str, other_provider: str) -> None:
        super().__init__(
            f"`{field}` was made by the provider `{provider}`, and `{other}` by"
            f" `{other_provider}`: no provider knows both.",
            param=field,
        )
