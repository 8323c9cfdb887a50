"""The origins whose browser pages may call, as CORS_ORIGINS writes them.

An origin is a scheme, a host and perhaps a port, as browsers send it (RFC 6454, section 6.2). In
the place of its first label a host may have a `*`, which is one label: `https://*.example.com` is
`https://app.example.com`, and neither `https://example.com` nor `https://a.b.example.com`. `*`
alone is every origin.
"""

import re

ANY = "*"
_LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]"
_PORT = r"(?::[0-9]{1,5})?"
_EXACT = re.compile(rf"[a-z][a-z0-9+.-]*://(?:{_HOST}){_PORT}", re.IGNORECASE)
_SUBDOMAINS = re.compile(
    rf"(https?)://\*((?:\.{_LABEL}){{2,}}{_PORT})", re.IGNORECASE
)  # below a top-level domain it would be everybody's

Origin = str | re.Pattern[str]


class NotAnOrigin(ValueError):
    """The text is neither an origin nor all subdomains of a domain."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is no origin such as https://app.example.com or https://*.example.com:"
            " * stands for the whole first label of a domain of two labels or more, or alone for"
            " every origin, and no path follows."
        )


def parse_origins(text: str) -> list[Origin]:
    """Return the comma-separated origins as Flask-CORS takes them; `NotAnOrigin`."""
    return [_origin(each.strip()) for each in text.split(",") if each.strip()]


def _origin(text: str) -> Origin:
    if text == ANY:
        return text
    if subdomains := _SUBDOMAINS.fullmatch(text):
        scheme, domain = subdomains.groups()
        return re.compile(rf"{scheme}://{_LABEL}{re.escape(domain)}\Z", re.IGNORECASE)
    if not _EXACT.fullmatch(text):
        raise NotAnOrigin(text)
    # Flask-CORS would take the brackets of an IPv6 address for an expression of its own.
    return re.compile(rf"{re.escape(text)}\Z", re.IGNORECASE) if "[" in text else text
