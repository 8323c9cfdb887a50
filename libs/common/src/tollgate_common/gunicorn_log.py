"""gunicorn's own log, without what callers sent: credentials are in broken headers, too."""

import re
from typing import Any

from gunicorn.glogging import Logger

_COMPLAINT = "Invalid request from "
_QUOTED = re.compile(r":?\s*b?[\"'].*", re.DOTALL)


def unquoted(text: str) -> str:
    """Without what it quotes, to its end."""
    return _QUOTED.sub("", text)


class DiscreetLogger(Logger):  # type: ignore[misc]  # the library is untyped
    """Of a request that cannot be read it tells who sent it and what is wrong, not what it quotes
    of it; of an address that failed, not its query, where links carry their tokens."""

    def warning(self, msg: str, *args: Any, **more: Any) -> None:
        told = unquoted(msg) if msg.startswith(_COMPLAINT) else msg
        super().warning(told, *args, **more)

    def exception(self, msg: str, *args: Any, **more: Any) -> None:
        told = (arg.partition("?")[0] if isinstance(arg, str) else arg for arg in args)
        super().exception(msg, *told, **more)
