"""What can be wrong with a provider's name."""

from tollgate_common.errors import NotFound


class ProviderNotFound(NotFound):
    """Neither the organisation nor the platform has set up a provider of that name."""

    code = "provider_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no provider `{name}`.", param="name")
