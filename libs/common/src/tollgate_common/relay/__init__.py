"""The relay: bytes in, bytes out, over pooled connections. The only HTTP client of the hot path.

Connections and the parser, which is in C, are geventhttpclient's. What it does around a request
(merging headers, examining each, waiting on a queue) is left out: here a request is one write of
bytes that are known to be good, and an answer is passed on as it arrives, never decoded.
"""

from tollgate_common.relay.answer import RelayAnswer
from tollgate_common.relay.client import RelayClient
from tollgate_common.relay.errors import RelayFailed

__all__ = ["RelayAnswer", "RelayClient", "RelayFailed"]
