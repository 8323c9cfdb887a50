"""Text in headers, which are bytes that no standard gives an encoding."""

import re

_NOT_PRINTABLE = re.compile(r"[^ -~]")


def header_text(value: str) -> str:
    """Return what the sender of a header wrote: its bytes as UTF-8, or as Latin-1 where they are
    no UTF-8. Both are in use: curl sends what a terminal has, and `fetch` and `requests` send
    Latin-1. `value` is as WSGI has it (PEP 3333): a character for each byte."""
    if value.isascii():
        return value
    sent = value.encode("latin-1")
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return value


def printable_header(text: str) -> str:
    """Return a text that a header can have: what is not printable ASCII as Python writes it in a
    string, a line end as `\\n`. A server refuses to send anything else, when all has been done and
    paid for."""
    if text.isascii() and text.isprintable():
        return text
    return _NOT_PRINTABLE.sub(_escaped, text)


def _escaped(character: re.Match[str]) -> str:
    return character.group().encode("unicode_escape").decode()
