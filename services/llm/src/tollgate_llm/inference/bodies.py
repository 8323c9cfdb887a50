"""The request as a provider gets it: the caller's own bytes, or a translation of them."""

from typing import Any, NamedTuple

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_common.unsupported import Unsupported
from tollgate_llm.dialects.caps import cap_of
from tollgate_llm.dialects.matching import Match
from tollgate_llm.dialects.registry import over_chat, over_responses
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.inference import splice
from tollgate_llm.inference.clouds import SHAPES, Plain
from tollgate_llm.inference.headers import Environ, to_provider
from tollgate_llm.inference.learned import LearnedCapabilities
from tollgate_llm.inference.peek import Asked
from tollgate_llm.inference.protocols import CHAT, MESSAGES, RESPONSES, Protocol, protocol_at
from tollgate_llm.inference.provider_request import Capability, Outgoing, ProviderRequest
from tollgate_llm.routing.models import Candidate

ANTHROPIC_VERSION = "2023-06-01"
_USED_BY_FIELD: dict[str, Capability] = {
    "stream_options": "stream_options",
    "reasoning_effort": "reasoning",
    "reasoning": "reasoning",
}


class Sent(NamedTuple):
    """A request's body in the caller's dialect, and how it came. `call_id` is what providers get
    as the client's request id; `max_output` the cap that the gateway wants for a request without
    one, because a limit goes by it; `unsupported` what holds for fields that a translation cannot
    say."""

    body: bytes
    query: str
    environ: Environ
    call_id: str
    max_output: int | None = None
    unsupported: Unsupported = "refuse"


class Bodies:
    """Makes the request for each route. `default_max_tokens` where a dialect insists on a cap."""

    def __init__(
        self,
        protocol: Protocol,
        sent: Sent,
        asked: Asked,
        default_max_tokens: int,
        learned: LearnedCapabilities,
    ) -> None:
        self._protocol = protocol
        self._learned = learned
        self._sent = sent
        self._asked = asked
        self._default_max_tokens = default_max_tokens
        self.hides_usage = protocol.asks_usage and asked.stream is True and not asked.wants_usage
        self._decoded: dict[str, Any] | None = None

    def prepare(self, match: Match, without: frozenset[Capability]) -> ProviderRequest:
        """Return the request for one route, without these capabilities of its provider and those
        that it is known to lack. Raises `BadRequest` where its dialect cannot say the call."""
        if self._protocol is RESPONSES and self._is_without("responses", match, without):
            match = match._replace(translation=over_chat(RESPONSES.path))
        if self._needs_responses(match, without):
            match = match._replace(translation=over_responses(MESSAGES.path))
        make = self._translated if match.translation else self._as_it_is
        return make(match, without)

    def _needs_responses(self, match: Match, without: frozenset[Capability]) -> bool:
        """Return whether a call of messages is for a model that chat completions do not serve."""
        if self._protocol is not MESSAGES or match.translation is None:
            return False
        if self._is_without("chat", match, without):
            return True
        return self._is_without("chat_tools", match, without) and bool(self.decoded().get("tools"))

    def _is_without(
        self, capability: Capability, match: Match, without: frozenset[Capability]
    ) -> bool:
        return capability in without or self._learned.is_lacking(match.route, capability)

    def decoded(self) -> dict[str, Any]:
        """The caller's body, for translations."""
        if self._decoded is None:
            self._decoded = msgspec.json.decode(self._sent.body)
            if self._sent.max_output is not None and self._protocol.caps:
                for name in self._protocol.caps:
                    self._decoded.pop(name, None)
                self._decoded[self._protocol.caps[0]] = self._sent.max_output
            self._protocol.check(self._decoded)
        return self._decoded

    def _as_it_is(self, match: Match, without: frozenset[Capability]) -> ProviderRequest:
        route, sent = match.route, self._sent
        uses = self._used_as_it_is(match, without)
        body = self._with_usage_asked() if "stream_options" in uses else sent.body
        body = self._capped(body, route.model)
        if route.model != self._asked.model:
            body = self._asked.renamed(body, route.model)
        credentials = route.provider.credentials(self._protocol.dialect)
        headers = to_provider(sent.environ, credentials, sent.call_id)
        streams = self._asked.stream is True
        outgoing = _outgoing(route, self._protocol.path, sent.query, streams, body, headers)
        return ProviderRequest(match, outgoing, self._protocol, (), uses, without)

    def _used_as_it_is(self, match: Match, without: frozenset[Capability]) -> frozenset[Capability]:
        """Return the capabilities that a relayed request takes for granted."""
        if self._protocol is RESPONSES and match.route.provider.kind == "openai":
            return frozenset({"responses"})
        if self.hides_usage and not self._is_without("stream_options", match, without):
            return frozenset({"stream_options"})
        return frozenset()

    def _with_usage_asked(self) -> bytes:
        has_options = self._asked.stream_options is not msgspec.UNSET
        return splice.with_usage_asked(self._sent.body, has_options)

    def _capped(self, body: bytes, model: str) -> bytes:
        names, most = self._protocol.caps, self._sent.max_output
        if most is None or not names:
            return body
        name = next(iter(cap_of(most, model))) if self._protocol is CHAT else names[0]
        return splice.with_cap(body, name, names, most)

    def _translated(self, match: Match, without: frozenset[Capability]) -> ProviderRequest:
        assert match.translation is not None
        route, sent = match.route, self._sent
        protocol = protocol_at(match.translation.path)
        drop = sent.unsupported == "drop"
        reasons = self._reasons(match, without)
        wanted = Wanted(route.model, self._default_max_tokens, drop, reasons)
        try:
            made = match.translation.request(self.decoded(), wanted)
            translated = made.body
            if self._is_without("stream_options", match, without):
                translated.pop("stream_options", None)
            body = msgspec.json.encode(translated)
        except RecursionError:
            raise BadRequest("The body is nested too deeply.", param="body") from None
        headers = {
            "accept-encoding": "identity", "content-type": "application/json",
            "user-agent": "tollgate", "x-client-request-id": sent.call_id,
            **route.provider.credentials(protocol.dialect),
        }  # fmt: skip
        if protocol.dialect == "anthropic":
            headers["anthropic-version"] = ANTHROPIC_VERSION
        streams = translated.get("stream") is True
        outgoing = _outgoing(route, protocol.path, "", streams, body, headers)
        uses = frozenset(
            capability for field, capability in _USED_BY_FIELD.items() if field in translated
        )
        return ProviderRequest(match, outgoing, protocol, made.dropped, uses, without)

    def _reasons(self, match: Match, without: frozenset[Capability]) -> bool | None:
        """Return whether the route's model takes an effort; None: as far as its name says."""
        if self._is_without("reasoning", match, without):
            return False
        return match.route.provider.capabilities.reasoning


def _outgoing(
    route: Candidate, path: str, query: str, streams: bool, body: bytes, headers: dict[str, str]
) -> Outgoing:
    """As the vendor itself gets it, or as the cloud wants it."""
    shape = SHAPES.get(route.provider.kind)
    if shape is None:
        return Outgoing(route.provider.path(path) + query, body, headers)
    plain = Plain(path, query, route.model, streams, body, headers)
    return Outgoing(*shape(route.provider, plain), headers)
