"""What can be wrong with an inference call once it is here.

NotFound 404 ── ModelNotFound (catalog)
BadRequest 400 ── UnsupportedEndpoint, TicketMissing
ProviderFailed 502 ── ProviderDown 503, ProviderTimeout 504, NoAnswer (the status that it names)
"""

from tollgate_common.errors import BadRequest, TollgateError


class TicketMissing(BadRequest):
    """Nobody has accepted this call: the gateway opens a ticket for every one that it sends."""

    code = "ticket_missing"

    def __init__(self) -> None:
        super().__init__("Inference calls come through the gateway, with a ticket.")


class ProviderFailed(TollgateError):
    """The provider's answer did not come, or not whole."""

    status = 502
    code = "provider_failed"

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"The provider `{provider}` broke off: {reason.rstrip('.')}.")


class ProviderDown(ProviderFailed):
    """The provider takes no connection."""

    status = 503
    code = "provider_unavailable"

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(provider, reason)
        self.headers["retry-after"] = "1"


class ProviderTimeout(ProviderFailed):
    """The provider has been silent for too long."""

    status = 504
    code = "provider_timeout"


class NoAnswer(ProviderFailed):
    """The provider has answered 200, and it is no answer. `status` is the one that it stands for,
    `words` the provider's; `code` is one that OpenAI's callers look for."""

    def __init__(self, provider: str, status: int, words: str, code: str | None) -> None:
        TollgateError.__init__(
            self, f"The provider `{provider}` gave no answer: {words.rstrip('.')}.", code=code
        )
        self.http_status = status


def provider_error(provider: str, reason: str, *, sent: bool) -> ProviderFailed:
    if not sent:
        return ProviderDown(provider, reason)
    return (ProviderTimeout if reason == "timed out" else ProviderFailed)(provider, reason)
