"""Which addresses an identity provider may have."""

import ipaddress
from urllib.parse import urlsplit


def url_fault(url: str, http_on_loopback: bool) -> str | None:
    """Why the URL cannot be used, or None. Unencrypted is what does not leave this machine, and
    only where it is allowed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "is a URL in ASCII, without spaces"
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        return "is a URL with a host, and without user, password or fragment"
    local = parts.scheme == "http" and http_on_loopback and _is_loopback(parts.hostname)
    if parts.scheme != "https" and not local:
        return "must begin with https://"
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
