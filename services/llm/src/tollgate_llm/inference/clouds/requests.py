"""What each cloud changes of a vendor's request: the path, and members of the body.

After the SDKs' own clients (openai 3, anthropic 2): `AzureOpenAI`, `AnthropicVertex`,
`AnthropicBedrock`; Foundry changes nothing but the credential. The version that Anthropic's API
has in a header is in the body here: the caller's own, for which the first one has other names.
"""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_llm.inference.clouds.members import edited
from tollgate_llm.providers.kinds import Kind, Provider

VERSION = "anthropic-version"
FIRST_VERSION = "2023-06-01"
VERTEX_FIRST = "vertex-2023-10-16"
BEDROCK_FIRST = "bedrock-2023-05-31"
COUNT_TOKENS = "/v1/messages/count_tokens"
BETA = "anthropic-beta"
_SEGMENT = "!$&'()*+,=:@"  # of RFC 3986's, without the semicolon, after which servers may stop
_IN_DEPLOYMENTS = frozenset({
    "/completions", "/chat/completions", "/embeddings", "/audio/transcriptions",
    "/audio/translations", "/audio/speech", "/images/generations", "/images/edits",
})  # fmt: skip


class Plain(NamedTuple):
    """A request as the vendor itself would get it. `route` is a path of ours, `query` has its
    question mark, or is empty; `model` is in the body too."""

    route: str
    query: str
    model: str
    streams: bool
    body: bytes
    headers: dict[str, str]


class Shaped(NamedTuple):
    """What the cloud gets of it: the path below the base URL, and the body."""

    path: str
    body: bytes


def azure(provider: Provider, plain: Plain) -> Shaped:
    """With an `api_version` as its deployments have it; without, the API that is like OpenAI's."""
    version = provider.cloud.api_version
    if version is None:
        return Shaped(f"/openai{plain.route}{plain.query}", plain.body)
    route = plain.route.removeprefix("/v1")
    if route in _IN_DEPLOYMENTS:
        route = f"/deployments/{_segment(plain.model)}{route}"
    query = urlencode({"api-version": version})
    query = f"{plain.query}&{query}" if plain.query else f"?{query}"
    return Shaped(f"/openai{route}{query}", plain.body)


def vertex(provider: Provider, plain: Plain) -> Shaped:
    """The model is in the path; `stream` stays in the body as well. Counting tokens, the model
    stays in the body."""
    cloud = provider.cloud
    place = f"/projects/{cloud.project}/locations/{cloud.region}/publishers/anthropic/models"
    version = _version(plain, VERTEX_FIRST)
    if plain.route == COUNT_TOKENS:
        return Shaped(f"{place}/count-tokens:rawPredict", edited(plain.body, added=version))
    verb = "streamRawPredict" if plain.streams else "rawPredict"
    body = edited(plain.body, without=("model",), added=version)
    return Shaped(f"{place}/{_segment(plain.model)}:{verb}", body)


def bedrock(_: Provider, plain: Plain) -> Shaped:
    """Model and `stream` are in the path, betas in the body as well."""
    verb = "invoke-with-response-stream" if plain.streams else "invoke"
    added = _version(plain, BEDROCK_FIRST)
    if betas := plain.headers.get(BETA):
        added["anthropic_beta"] = msgspec.json.encode([beta.strip() for beta in betas.split(",")])
    body = edited(plain.body, without=("model", "stream"), added=added)
    return Shaped(f"/model/{_segment(plain.model, ':')}/{verb}", body)


def _version(plain: Plain, first: str) -> dict[str, bytes]:
    asked = plain.headers.get(VERSION, FIRST_VERSION)
    return {"anthropic_version": msgspec.json.encode(first if asked == FIRST_VERSION else asked)}


def _segment(model: str, safe: str = _SEGMENT) -> str:
    """One segment of a path, and no step up from it."""
    if model in (".", ".."):
        raise BadRequest("`model` must be the name of a model.", param="model")
    return quote(model, safe=safe)


SHAPES: dict[Kind, Callable[[Provider, Plain], Shaped]] = {
    "azure": azure,
    "vertex": vertex,
    "bedrock": bedrock,
}
