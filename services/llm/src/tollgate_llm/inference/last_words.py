"""The event that ends a stream which its provider has left unfinished, so that no client takes it
for a whole one. Each is one that the vendor's own SDK raises an error for."""

from typing import Any

import msgspec

from tollgate_common.errors import TollgateError, dialects
from tollgate_llm.inference.protocols import RESPONSES, Protocol


def last_words(error: TollgateError, protocol: Protocol, request_id: str) -> bytes:
    shape = dialects.as_dict(error, protocol.dialect, request_id)
    if protocol.dialect == "anthropic":
        return b"event: error\n" + _data(shape)
    if protocol.path == RESPONSES.path:
        details = {name: shape["error"][name] for name in ("code", "message", "param")}
        event = {"type": "error", "sequence_number": 0, **details, **shape}
        return b"event: error\n" + _data(event)
    return _data(shape)


def _data(payload: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(payload) + b"\n\n"
