"""Where caller and provider speak the same dialect nothing is altered, either way: what a provider
on a socket of its own received is compared with what was sent, and what came back with what it
answered. What may differ is named here: credentials, the model's name, the usage that is asked for
on the caller's behalf and kept from it, and of the address what no route of the vendor's defines.
"""

import http.client
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.odd_json import MEMBERS, OBJECTS, Member, written
from tests.e2e.platform import Platform
from tests.llm.stand import Provider, Received

CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
MESSAGES = "/v1/messages"
ASKED = '"stream_options":{"include_usage":true},'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'
FIRST = b'data: {"odd" : 1.0}\n\n'
"""An event that says something: a stream that begins with an error, or has none, is none."""
MODEL_NAMES = st.sampled_from(['"model"', '"mod\\u0065l"', '"\\u006dodel"'])

at_random = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Line:
    """A caller, the provider behind the model, and what it is to answer."""

    platform: Platform
    secret: str
    provider: Provider
    model: str

    def send(
        self, target: str, body: bytes, headers: list[tuple[str, str]] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes, Received]:
        """The answer, its bytes, and what the provider received; without a client library's own
        opinions."""
        self.provider.received.clear()
        connection = http.client.HTTPConnection(urlsplit(self.platform.url).netloc, timeout=30)
        connection.putrequest("POST", target, skip_accept_encoding=True)
        own = [("authorization", f"Bearer {self.secret}"), ("content-type", "application/json"),
               ("content-length", str(len(body)))]  # fmt: skip
        for name, value in [*own, *(headers or [])]:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        came = answer.read()
        connection.close()
        assert len(self.provider.received) == 1, came
        return answer, came, self.provider.received[0]

    def answering(self, body: bytes, *headers: str) -> None:
        self.provider.script[:] = [self.provider.answers(body, *headers)]

    def streaming(self, pieces: list[bytes]) -> None:
        chunks = [self.provider.chunk(piece) for piece in pieces if piece]
        self.provider.script[:] = [self.provider.streams(), *chunks, b"0\r\n\r\n"]


@pytest.fixture(scope="module")
def lines(platform: Platform) -> Iterator[dict[str, Line]]:
    """One for each dialect."""
    provider, key = Provider(), platform.new_key(mode="live")
    made = {}
    for kind, at in (("openai", f"{provider.url}/v1"), ("anthropic", provider.url)):
        name = f"{kind}-{uuid.uuid4().hex[:6]}"
        setup = {"kind": kind, "base_url": at, "api_key": "sk-theirs"}
        price = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
        routes = [{"provider": name, "model": "there"}]
        assert platform.api("PUT", f"/providers/{name}", json=setup).ok
        assert platform.api("PUT", f"/models/{name}", json={"routes": routes, "price": price}).ok
        made[kind] = Line(platform, key.secret, provider, name)
    yield made
    for line in made.values():
        assert platform.api("DELETE", f"/models/{line.model}").ok
        assert platform.api("DELETE", f"/providers/{line.model}").ok
    provider.close()


@st.composite
def answers(draw: st.DrawFn) -> str:
    """An object that answers something: what is plainly none is asked for again elsewhere."""
    return draw(written(draw(st.permutations([*draw(MEMBERS), Member('"data"', "[1.0]")]))))


def line_of(lines: dict[str, Line], path: str) -> Line:
    return lines["anthropic" if path == MESSAGES else "openai"]


@st.composite
def bodies(draw: st.DrawFn, *more: Member) -> list[Member]:
    """Members as they are written, none of them twice, among them the model's name as `null`."""
    model = Member(draw(MODEL_NAMES), "null")
    unique = {json.loads(member.name): member for member in draw(MEMBERS)}
    return draw(st.permutations([*unique.values(), model, *more]))


def is_model(member: Member) -> bool:
    return bool(json.loads(member.name) == "model")


@st.composite
def spoken(draw: st.DrawFn, *more: Member) -> tuple[str, str]:
    """A body with places for the model's name: once for the caller's, once for the provider's."""
    members = draw(bodies(*more))
    named = [replace_value(each, "@HERE@") if is_model(each) else each for each in members]
    text = draw(written(named))
    return text, text.replace("@HERE@", '"there"')


def replace_value(member: Member, value: str) -> Member:
    return member._replace(value=value)


BETAS = st.lists(
    st.tuples(
        st.sampled_from(["anthropic-beta", "anthropic-new", "openai-beta", "x-stainless-odd"]),
        st.text(st.sampled_from("abcxyz019-_.,;=/ \"'()é"), min_size=1, max_size=20).map(str.strip),
    ).filter(lambda header: bool(header[1])),
    max_size=3,
    unique_by=lambda header: header[0],
)
_VALUES = st.text(st.sampled_from("abz019=+,.~%-_!*'()/?:@$"), max_size=20).map(
    lambda value: value.replace("%", "%2f")
)
_PARAMETERS = st.tuples(st.sampled_from(["beta", "b%65ta", "api-version", "x", ""]), _VALUES)
QUERIES = st.lists(_PARAMETERS.map("=".join), max_size=3).map("&".join)
NEW_HEADERS = st.dictionaries(
    st.sampled_from(["x-new", "anthropic-ratelimit-odd", "openai-processing-ms", "X-Odd_Case"]),
    st.text(st.sampled_from("abcxyz019-_.,;=/ \"'()é"), min_size=1, max_size=20).map(str.strip),
)


@pytest.mark.parametrize("path", [CHAT, RESPONSES, EMBEDDINGS, MESSAGES])
@given(case=spoken(), answered=answers(), betas=BETAS, query=QUERIES, new=NEW_HEADERS)
@at_random
def test_a_whole_answer(
    lines: dict[str, Line], path: str, case: tuple[str, str], answered: str,
    betas: list[tuple[str, str]], query: str, new: dict[str, str],
) -> None:  # fmt: skip
    line = line_of(lines, path)
    sent, expected = case
    whole = answered.encode()
    line.answering(whole, "content-type: application/json",
                   *(f"{name}: {value}" for name, value in new.items()))  # fmt: skip
    target = f"{path}?{query}" if query else path
    answer, came, received = line.send(target, asking(line, sent), betas)
    assert (answer.status, came) == (200, whole)
    assert received.body == expected.encode()
    passed = "&".join(part for part in query.split("&") if part.startswith(("beta=", "b%65ta=")))
    assert received.line == f"POST {path}{'?' if passed else ''}{passed} HTTP/1.1"
    assert {name: received.headers.get(name) for name, _ in betas} == dict(betas)
    assert {name: answer.headers[name].encode("latin-1").decode() for name in new} == new
    assert line.secret not in f"{received}"


def asking(line: Line, sent: str) -> bytes:
    return sent.replace("@HERE@", json.dumps(line.model)).encode()


def a_stream() -> st.SearchStrategy[list[str]]:
    """Events, of known and unknown kinds, comments, data on many lines, and every end of a line."""
    return st.lists(_EVENTS, max_size=5)


@st.composite
def _event(draw: st.DrawFn) -> str:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    data = draw(OBJECTS | st.sampled_from(["[DONE", "", " ", "plain \u2028 text"]))
    data_lines = data.replace("\r\n", "\n").replace("\n", f"{end}data:")
    lines = draw(st.lists(_LINES, max_size=2))
    lines.insert(draw(st.integers(0, len(lines))), draw(_COLONS) + data_lines)
    return end.join([*lines, "", ""])


_COLONS = st.sampled_from(["data:", "data: ", "data:  "])
_LINES = st.sampled_from([
    ": a comment", ":", "event: response.new_kind", "event:ping", "event: message_new", "id: 7",
    "retry: 10", "unknown", "odd: é",
])  # fmt: skip
_EVENTS = _event() | st.sampled_from([": ping\n\n", "\n\n", "\r\n", "event: ping\ndata: {}\n\n"])


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """Wherever the network may cut it."""
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES])
@given(data=st.data(), betas=BETAS)
@at_random
def test_a_stream(
    lines: dict[str, Line], path: str, data: st.DataObject, betas: list[tuple[str, str]]
) -> None:
    line = line_of(lines, path)
    wanted = Member('"stream_options"', '{ "odd":1.0, "include_usage" :true}')
    more = [wanted] if path == CHAT else []
    sent, expected = data.draw(spoken(Member('"stream"', "true"), *more))
    said = FIRST + "".join(data.draw(a_stream())).encode()
    line.streaming(data.draw(cut(said)))
    answer, came, received = line.send(path, asking(line, sent), betas)
    assert (answer.status, came) == (200, said)
    assert received.body == expected.encode()
    assert {name: received.headers.get(name) for name, _ in betas} == dict(betas)


@given(data=st.data(), end=st.sampled_from(["\n\n", "\r\n\r\n"]))
@at_random
def test_usage_that_only_we_asked_for_is_all_that_is_taken_out(
    lines: dict[str, Line], data: st.DataObject, end: str
) -> None:
    line = lines["openai"]
    sent, expected = data.draw(spoken(Member('"stream"', "true")))
    before, after = ("".join(data.draw(a_stream())).encode() for _ in range(2))
    before = FIRST + before
    if before.endswith(b"\r\n") and not before.endswith(b"\r\n\r\n"):
        before += b"\r\n"
    line.streaming(data.draw(cut(before + USAGE + end.encode() + after)))
    _, came, received = line.send(CHAT, asking(line, sent))
    assert came == before + after
    brace = expected.index("{") + 1
    assert received.body == (expected[:brace] + ASKED + expected[brace:]).encode()


@pytest.mark.parametrize("path", [CHAT, RESPONSES, EMBEDDINGS, MESSAGES])
@given(answered=st.binary(max_size=200), status=st.sampled_from([400, 403, 404, 413, 422]))
@at_random
def test_a_refusal_and_what_is_no_json(
    lines: dict[str, Line], path: str, answered: bytes, status: int
) -> None:
    line = line_of(lines, path)
    line.provider.script[:] = [line.provider.answers(answered, status=f"{status} Odd")]
    answer, came, _ = line.send(path, asking(line, '{"model":@HERE@}'))
    assert (answer.status, came) == (status, answered)
    something = answered or b"\0"
    line.answering(something, "content-type: application/octet-stream")
    answer, came, _ = line.send(path, asking(line, '{"model":@HERE@}'))
    assert (answer.status, came) == (200, something)
