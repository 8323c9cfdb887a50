"""Values that something, somewhere, takes badly; and JSON with some of them put in."""

import copy
import json
from random import Random
from typing import Any

TEXTS = [
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\N{SNOWMAN}", "\u202e\u2066", "\ufeff",
    "e" + "\u0301" * 500, "\N{PILE OF POO}" * 50, "x" * 5000, "null", "NaN", "-0", "1e999",
    "' OR '1'='1", "{{7*7}}${7*7}%s%n", "../../../etc/passwd", "\r\nx-injected: yes", "$ref",
    "data:image/png;base64,AAAA", "http://127.0.0.1:1/x", "file:///etc/passwd", "__proto__",
    "sandbox", "sandbox-slow", "gpt-4o-mini", "claude-sonnet-4-5", "tool", "user", "system",
]  # fmt: skip
NUMBERS = [
    0, -1, 1, 2, 7, 0.5, -0.0, 1e308, 1e-320, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1,
    10**400, float("inf"), float("nan"), 100_000,
]  # fmt: skip
NAMES = [
    "model", "messages", "input", "stream", "n", "max_tokens", "max_completion_tokens", "tools",
    "max_output_tokens", "stream_options", "response_format", "temperature", "stop", "role",
    "content", "type", "text", "prompt", "system", "thinking", "metadata", "user", "seed",
    "logprobs", "tool_choice", "functions", "reasoning", "file", "", "\0", "\ud800",
]  # fmt: skip


def text(random: Random) -> str:
    if random.random() < 0.7:
        return random.choice(TEXTS)
    return "".join(chr(random.choice((random.randrange(128), random.randrange(0x110000))))
                   for _ in range(random.randrange(30)))  # fmt: skip


def value(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(9 if depth < 3 else 6)
    if kind < 2:
        return text(random)
    if kind < 4:
        return random.choice(NUMBERS)
    if kind < 6:
        return random.choice([None, True, False])
    if kind == 6:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 7:
        return {random.choice(NAMES): value(random, depth + 1) for _ in range(random.randrange(4))}
    return deep(random)


def deep(random: Random) -> Any:
    found: Any = text(random)
    for _ in range(random.choice((5, 40, 100))):
        found = [found] if random.random() < 0.5 else {random.choice(NAMES): found}
    return found


def mutated(random: Random, body: Any) -> Any:
    """The same with a few of its parts replaced, left out, added or doubled."""
    body = copy.deepcopy(body)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        _mutate(random, body)
    return body


def _mutate(random: Random, body: Any) -> None:
    place = random.choice(_containers(body))
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    what = random.randrange(4)
    if what == 0 or not keys:
        if isinstance(place, dict):
            place[random.choice(NAMES)] = value(random)
        else:
            place.insert(random.randrange(len(place) + 1), value(random))
    elif what == 1:
        del place[random.choice(keys)]
    elif what == 2 and isinstance(place, list):
        place.extend(copy.deepcopy(place) * random.choice((1, 3)))
    else:
        place[random.choice(keys)] = value(random)


def _containers(body: Any) -> list[Any]:
    if not isinstance(body, dict | list):
        return []
    inner = body.values() if isinstance(body, dict) else body
    return [body, *(found for part in inner for found in _containers(part))]


def encoded(random: Random, body: Any) -> bytes:
    """JSON, mostly; sometimes none any more."""
    text = json.dumps(body, ensure_ascii=random.random() < 0.5)
    content = text.encode("utf-8", "surrogatepass")
    what = random.randrange(20)
    if what == 0:
        return content[: random.randrange(len(content) + 1)]
    if what == 1:
        return garbled(random, content)
    if what == 2:
        return text.encode(random.choice(["utf-16", "utf-32", "utf-7"]), "surrogatepass")
    if what == 3:
        nest = random.choice((b"[", b'{"model":', b'{"messages":[{"content":'))
        return content[:-1] + b',"x":' + nest * random.choice((10, 2000, 50_000))
    if what == 4:
        return content[:-1] + b',"model":"sandbox","model":7,"n":' + b"9" * 5000 + b"}"
    return content


def garbled(random: Random, content: bytes) -> bytes:
    """Some bytes changed, left out, put in or doubled."""
    found = bytearray(content)
    for _ in range(random.choice((1, 2, 5, 20))):
        at = random.randrange(len(found) + 1)
        upto = at + random.choice((1, 2, 8, 40))
        what = random.randrange(4)
        if what == 0:
            found[at:upto] = b""
        elif what == 1:
            found[at:at] = found[at:upto]
        elif what == 2:
            found[at:at] = random.randbytes(random.choice((1, 2, 8)))
        else:
            found[at : at + 1] = random.choice((b"\0", b"\r\n", b"\n", b" ", b"\xff", b":", b"%"))
    return bytes(found)
