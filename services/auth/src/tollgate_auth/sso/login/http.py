"""Calls to identity providers: bounded in time and size, never sent on to somewhere else, and to
addresses only that may be connected to, whoever has named them: the organisation as its issuer, or
the issuer's discovery document."""

import time
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from urllib3.exceptions import HTTPError

from tollgate_common.outbound import Outbound, OutboundAdapter

CALL_SECONDS = 5.0
LARGEST_ANSWER = 512 * 1024
_PIECE = 64 * 1024

# What reading an answer raises that is not what it should be.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class BoundedSession(OAuth2Session):  # type: ignore[misc]  # the library is untyped
    """Whatever goes wrong on the way is a `requests.RequestException`."""

    def __init__(self, *args: Any, outbound: Outbound, **more: Any) -> None:
        super().__init__(*args, **more)
        adapter = OutboundAdapter(outbound)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str, url: str, *args: Any, **more: Any) -> requests.Response:
        deadline = time.monotonic() + CALL_SECONDS
        more |= {"timeout": CALL_SECONDS, "allow_redirects": False, "stream": True}
        response: requests.Response = super().request(method, url, *args, **more)
        with response:
            if response.is_redirect:
                raise requests.TooManyRedirects("an identity provider's answer points elsewhere")
            response._content = _read(response, deadline)
        return response


def _read(response: requests.Response, deadline: float) -> bytes:
    """The whole body. A timeout of requests' is for each piece; a slow one sends many."""
    body = bytearray()
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            body += piece
            if time.monotonic() > deadline:
                raise requests.Timeout("an identity provider's answer takes too long")
            if len(body) > LARGEST_ANSWER:
                raise requests.ConnectionError("an identity provider's answer is too long")
    except HTTPError as error:
        raise requests.ConnectionError(type(error).__name__) from None
    return bytes(body)
