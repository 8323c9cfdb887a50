"""The connections to providers, pooled by address for as long as the process lives."""

from tollgate_common.relay import RelayClient


class Upstreams:
    """A relay client a base URL. Replacing a provider's credential keeps its connections."""

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._clients: dict[str, RelayClient] = {}

    def client(self, base_url: str) -> RelayClient:
        client = self._clients.get(base_url)
        if client is None:
            client = RelayClient(
                base_url, connect_timeout=self._connect_timeout, read_timeout=self._read_timeout
            )
            self._clients[base_url] = client
        return client
