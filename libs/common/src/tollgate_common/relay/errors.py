"""How a call can fail."""

from geventhttpclient.response import HTTPParseError

BROKEN = (OSError, HTTPParseError)
"""What a connection that breaks, or an answer that is none, raises."""


class RelayFailed(Exception):
    """No whole answer came back. `sent` says whether the other side may have begun to work,
    `final` that the same request would fail again."""

    def __init__(self, reason: str, *, sent: bool, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.final = final


def reason_of(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
