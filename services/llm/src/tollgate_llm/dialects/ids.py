"""Ids of answers: each dialect's own begin in a way of their own."""

_PREFIXES = ("chatcmpl-", "msg_", "resp_")


def bare(given: str) -> str:
    """The id without what tells whose it is."""
    for prefix in _PREFIXES:
        if given.startswith(prefix):
            return given.removeprefix(prefix)
    return given
