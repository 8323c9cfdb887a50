"""Where the current request comes from."""

from collections.abc import Callable

from flask import g, has_request_context, request

from tollgate_common.addresses import plain_address
from tollgate_common.audit.events import Origin

AddressOf = Callable[[], str | None]


def peer_address() -> str | None:
    """Return the address that connects, or that a trusted proxy names; None where it is none."""
    return _address(request.remote_addr)


def forwarded_address() -> str | None:
    """Return the address that the gateway names: for services that only the gateway calls."""
    return _address(request.headers.get("x-forwarded-for"))


def current_origin(address_of: AddressOf) -> Origin:
    """Return the origin of the current request; outside of one it is empty."""
    if not has_request_context():
        return Origin()
    ids = g.get("request_ids")
    if ids is None:
        return Origin(address_of())
    return Origin(address_of(), ids.own, ids.client)


def _address(text: str | None) -> str | None:
    try:
        return str(plain_address((text or "").strip()))
    except ValueError:
        return None
