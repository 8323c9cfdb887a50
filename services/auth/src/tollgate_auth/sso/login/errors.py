from tollgate_common.errors import DependencyDown, TollgateError, Unauthorized


class LoginRefused(TollgateError):
    """The browser is sent back with `detail`, which is for the person who sits before it."""

    status = 403
    code = "login_refused"

    def __init__(self, detail: str, return_to: str | None = None) -> None:
        super().__init__(detail)
        self.return_to = return_to


class NotAdmitted(LoginRefused):
    """The same for a deactivated user and for one of another organisation."""

    def __init__(self) -> None:
        super().__init__("You have no account here; please ask an administrator.")


class AlreadyLinked(LoginRefused):
    """The address is that of a user whom the provider knows by another `sub`."""

    def __init__(self) -> None:
        super().__init__(
            "Your address belongs to somebody else's account here; please ask an administrator."
        )


class BadAnswer(LoginRefused):
    """What came from the provider does not hold: a forgery, a replay, or a wrong set-up."""

    def __init__(self) -> None:
        super().__init__("The identity provider's answer is not valid; please log in again.")


class ProviderDown(DependencyDown):
    def __init__(self) -> None:
        super().__init__("The identity provider", retry_after=5)


class BadDiscovery(ProviderDown):
    """It answers, and not what it must: mostly the issuer is set up wrong, by a slash or a path."""

    def __init__(self) -> None:
        super().__init__()
        self.detail = "The identity provider's discovery document does not fit its issuer."


class BadCode(Unauthorized):
    """The same for whatever is wrong with it."""

    def __init__(self) -> None:
        super().__init__("The code is not valid, was used, or is too old; please log in again.")
