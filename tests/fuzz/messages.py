"""Requests as bytes: how each is framed, and what of it is wrong."""

from dataclasses import dataclass
from random import Random

from tests.fuzz import bodies, hostile

PATHS = [
    "/v1/models", "/v1/models/sandbox", "/v1/models/%00", "/v1/models/%ff%fe", "/v1/jobs/x",
    "/v1/nowhere", "/v1", "/v1/", "//v1/models", "/v1/../api/v1/me", "/%2e%2e/%2e%2e", "/",
    "/api/v1/me", "/api/v1/keys?limit=-1", "/api/v1/usage?group_by=%00", "/api/v1/x", "/api",
    "/api/v1/requests/%F0%9F%92%A9", "/oauth/token", "/oauth/introspect", "/docs", "/docs/..%2f",
    "/openapi.json", "/healthz", "/readyz", "/.well-known/jwks.json", "/invitation", "*",
    "/v1/chat/completions?x=%ZZ&%00=1", "/v1/chat/completions/", "http://x/v1/models", "http://",
    "/v1/models?" + "x=1&" * 1500, "/v1/" + "a/" * 3000, "/v1/models/" + "%41" * 2500, "x", "http://[",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"]
HEADERS = [
    b"idempotency-key", b"x-request-id", b"x-tollgate-tags", b"x-tollgate-timeout",
    b"x-tollgate-drop-params", b"x-tollgate-cache", b"x-tollgate-ticket", b"x-tollgate-x",
    b"x-tollgate-on-behalf-key", b"anthropic-version", b"anthropic-beta", b"openai-organization",
    b"accept", b"accept-encoding", b"content-encoding", b"traceparent", b"cookie", b"range",
    b"if-none-match", b"origin", b"x-forwarded-for", b"user-agent", b"host", b"upgrade", b"te",
    b"connection", b"expect", b"trailer", b"x-http-method-override", b"content-md5",
]  # fmt: skip
VALUES = [
    b"1", b"0", b"-1", b"1e400", b"nan", b"true", b"same-key", b"a=b,c=d", b"=", b"a=" + b"x" * 65,
    b",".join(b"a%d=b" % number for number in range(20)), b"2023-06-01", b"gzip, br;q=nan", b"100",
    b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01", b"x" * 4000, b"\xff\xfe", b"\xe2\x98\x83", b"",
    b"bytes=0-1", b"close", b"keep-alive", b"h2c", b"100-continue", b"trailers", b"127.0.0.1",
]  # fmt: skip
LAWFUL = "lawful"


@dataclass(frozen=True)
class Sent:
    """`pieces` go out one after the other. Of a `lawful` request the whole is as its head says, so
    there is an answer; of others there may be none."""

    kind: str
    pieces: list[bytes]
    methods: list[str]
    path: str = ""
    headers: bytes = b""

    @property
    def lawful(self) -> bool:
        return self.kind.startswith(LAWFUL)


def made(random: Random, key: str) -> Sent:
    kind = random.choices(
        [_call, _path, _chunked, _pipelined, _misframed, _broken_chunks, _slow, _garbled, _noise],
        [50, 12, 8, 4, 6, 6, 3, 10, 1],
    )[0]
    return kind(random, key)


def _credential(random: Random, key: str) -> bytes:
    if random.random() < 0.92:
        header = random.choice((b"authorization: Bearer %s", b"x-api-key: %s"))
        return header % key.encode() + b"\r\n"
    wrong = random.choice((b"Bearer x", b"Basic eDp5", b"Bearer a.b.c", b"Bearer", b"", b"\xff"))
    return b"authorization: " + wrong + b"\r\n"


def _head(random: Random, key: str) -> bytes:
    """Header lines that hold together, whatever they say."""
    lines = b"host: gateway\r\n" + _credential(random, key)
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        lines += random.choice(HEADERS[:18]) + b": " + random.choice(VALUES) + b"\r\n"
    if random.random() < 0.02:
        lines += b"".join(b"x-%d: y\r\n" % number for number in range(random.choice((80, 300))))
    return lines


def _framed(random: Random, key: str) -> tuple[str, bytes, bytes, bytes]:
    """Path, first line, headers without a length, body."""
    path, kind, body = bodies.request(random)
    headers = _head(random, key) + (b"content-type: " + kind + b"\r\n" if kind else b"")
    return path, f"POST {path} HTTP/1.1\r\n".encode(), headers, body


def _call(random: Random, key: str) -> Sent:
    path, line, headers, body = _framed(random, key)
    whole = line + headers + b"content-length: %d\r\n\r\n" % len(body) + body
    return Sent(f"{LAWFUL} call", [whole], ["POST"], path, headers)


def _path(random: Random, key: str) -> Sent:
    path, method = random.choice(PATHS), random.choice(METHODS)
    body = hostile.encoded(random, hostile.value(random)) if random.random() < 0.4 else b""
    headers = _head(random, key)
    whole = f"{method} {path} HTTP/1.1\r\n".encode() + headers
    whole += b"content-length: %d\r\n\r\n" % len(body) + body
    return Sent("path", [whole], [method], path, headers)


def chunks(random: Random, body: bytes) -> list[bytes]:
    found = []
    while body:
        size = random.choice((1, 7, 500, 60_000))
        found.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
        body = body[size:] if len(found) < 50 else b""
    return [*found, b"0\r\n\r\n"]


def _chunked(random: Random, key: str) -> Sent:
    path, line, headers, body = _framed(random, key)
    head = line + headers + b"transfer-encoding: chunked\r\n\r\n"
    return Sent(
        f"{LAWFUL} chunks", [head + b"".join(chunks(random, body))], ["POST"], path, headers
    )


def _broken_chunks(random: Random, key: str) -> Sent:
    path, line, headers, body = _framed(random, key)
    head = line + headers + b"transfer-encoding: chunked\r\n\r\n"
    broken = hostile.garbled(random, b"".join(chunks(random, body)))
    return Sent("broken chunks", [head + broken], ["POST"], path, headers)


def _pipelined(random: Random, key: str) -> Sent:
    several = [_call(random, key) for _ in range(random.randrange(2, 5))]
    return Sent("pipelined", [b"".join(one.pieces[0] for one in several)], ["POST"] * len(several))


def _misframed(random: Random, key: str) -> Sent:
    path, line, headers, body = _framed(random, key)
    length = random.choice((len(body) + 5, len(body) // 2, 10**9, 10**25, -1, "1,1", "0x10", "+5"))
    lines = f"content-length: {length}\r\n".encode()
    if random.random() < 0.3:
        lines += random.choice((lines, b"content-length: 7\r\n", b"transfer-encoding: chunked\r\n",
                                b"transfer-encoding: chunked, cake\r\n"))  # fmt: skip
    return Sent("misframed", [line + headers + lines + b"\r\n" + body], ["POST"], path, headers)


def _slow(random: Random, key: str) -> Sent:
    """In pieces; sometimes the last never comes."""
    whole = _call(random, key)
    text = whole.pieces[0]
    pieces: list[bytes] = []
    while text and len(pieces) < 8:
        size = random.randrange(1, max(2, len(text)))
        pieces.append(text[:size])
        text = text[size:]
    if random.random() < 0.5:
        return Sent("cut short", pieces, ["POST"], whole.path, whole.headers)
    return Sent(f"{LAWFUL} slow", [*pieces, text], ["POST"], whole.path, whole.headers)


def _garbled(random: Random, key: str) -> Sent:
    """Bytes of a request changed, mostly of its head."""
    whole = _call(random, key).pieces[0]
    head, _, body = whole.partition(b"\r\n\r\n")
    odd = random.choice(HEADERS) + random.choice((b": ", b":", b" : ", b"\0: ", b"")) + b"\r\n"
    return Sent("garbled", [hostile.garbled(random, head + b"\r\n" + odd) + b"\r\n\r\n" + body], [])


def _noise(random: Random, key: str) -> Sent:
    noise = random.choice((
        random.randbytes(random.choice((1, 50, 5000))), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"\r\n" * 1000,
        b"GET " + b"x" * 20_000, b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000,
        b"GET / HTTP/9.9\r\n\r\n",
    ))  # fmt: skip
    return Sent("noise", [noise], [])
