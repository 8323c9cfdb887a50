"""Text in the headers of a request, which are bytes that no standard gives an encoding."""


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
