"""The connections to providers, pooled by address for as long as the process lives."""

from collections.abc import Mapping

from tollgate_common.relay import RelayAnswer, RelayClient
from tollgate_llm.providers.clouds.event_stream import CONTENT_TYPE, ServerSentAnswer
from tollgate_llm.providers.clouds.google import AccessTokens
from tollgate_llm.providers.kinds import Kind, Provider
from tollgate_llm.providers.reach import Reach

LONG_SECONDS = 30.0


class Upstreams:
    """A relay client a base URL, and a kind: the environment's addresses are those of a kind.
    Replacing a provider's credential keeps its connections."""

    def __init__(
        self, reach: Reach, connect_timeout: float, read_timeout: float, chunk_timeout: float
    ) -> None:
        self._reach = reach
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._chunk_timeout = chunk_timeout
        self._clients: dict[tuple[Kind, str], RelayClient] = {}
        self._google = AccessTokens(reach.outbound)

    def post(
        self, provider: Provider, path: str, body: bytes, headers: Mapping[str, str], within: float
    ) -> RelayAnswer:
        """The answer, once its headers are here; `RelayFailed`. `within`: the seconds that the
        whole answer may take."""
        if provider.kind == "vertex":
            token = self._google.of(provider.api_key, min(within, self._connect_timeout))
            headers = {**headers, "authorization": f"Bearer {token}"}
        answer = self._client(provider).send(
            "POST", path, body, headers, first_byte=min(within, self._read_timeout)
        )
        answer.hurry(self._chunk_timeout, within)
        if provider.kind == "bedrock" and answer.header("content-type") == CONTENT_TYPE:
            return ServerSentAnswer(answer)
        return answer

    def had_time(self, within: float, *, sent: bool) -> bool:
        """Whether a provider that was silent so long is in trouble, or its caller in a hurry."""
        return within >= min(self._read_timeout if sent else self._connect_timeout, LONG_SECONDS)

    def _client(self, provider: Provider) -> RelayClient:
        key = provider.kind, provider.base_url
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = RelayClient(
                provider.base_url,
                connect_timeout=self._connect_timeout,
                read_timeout=self._read_timeout,
                outbound=self._reach.rule(*key),
            )
        return client
