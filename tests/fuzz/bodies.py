"""A valid request for every inference route, to begin with."""

from random import Random
from typing import Any

from tests.fuzz import hostile

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello, you"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
PICTURE = {"url": "data:image/png;base64,iVBORw0KGgo="}
PARTS = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": PICTURE}]
CALLED = [
    {"role": "user", "content": "And the weather?"},
    {"role": "assistant", "tool_calls": [
        {"id": "call_1", "type": "function",
         "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
]  # fmt: skip
BODIES: dict[str, list[dict[str, Any]]] = {
    "/v1/chat/completions": [
        {"model": "sandbox", "messages": HELLO, "max_tokens": 20, "temperature": 0.5},
        {"model": "sandbox", "messages": HELLO, "stream": True,
         "stream_options": {"include_usage": True}},
        {"model": "claude-sonnet-4-5", "messages": CALLED, "tools": [TOOL], "max_tokens": 30},
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PARTS}], "n": 2,
         "response_format": {"type": "json_schema",
                             "json_schema": {"name": "x", "schema": SCHEMA}}},
    ],
    "/v1/responses": [
        {"model": "sandbox", "input": "Hello", "max_output_tokens": 20},
        {"model": "sandbox", "input": HELLO, "stream": True, "instructions": "Be brief."},
        {"model": "claude-sonnet-4-5", "input": [{"role": "user", "content": [
            {"type": "input_text", "text": "Hello"}]}],
         "tools": [{"type": "function", "name": "weather", "parameters": SCHEMA}]},
    ],
    "/v1/messages": [
        {"model": "sandbox", "messages": HELLO[1:], "max_tokens": 20, "system": "Be kind."},
        {"model": "sandbox", "messages": HELLO[1:], "max_tokens": 20, "stream": True},
        {"model": "gpt-4o-mini", "max_tokens": 20, "messages": [{"role": "user", "content": [
            {"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral"}}]}],
         "tools": [{"name": "weather", "input_schema": SCHEMA}],
         "tool_choice": {"type": "auto"}},
    ],
    "/v1/messages/count_tokens": [{"model": "sandbox", "messages": HELLO[1:]}],
    "/v1/embeddings": [
        {"model": "sandbox", "input": "Hello"},
        {"model": "sandbox", "input": ["a", "b"], "dimensions": 8, "encoding_format": "base64"},
    ],
    "/v1/completions": [
        {"model": "sandbox", "prompt": "Hello", "max_tokens": 10},
        {"model": "sandbox", "prompt": ["a", "b"], "n": 2, "best_of": 2, "stream": True},
        {"model": "sandbox", "prompt": [1, 2, 3], "echo": True, "logprobs": 2},
    ],
    "/v1/moderations": [{"input": "Hello"}, {"model": "omni-moderation-latest", "input": ["a"]}],
    "/v1/images/generations": [
        {"model": "sandbox", "prompt": "A cat", "n": 1, "size": "256x256"},
        {"model": "gpt-image-1", "prompt": "A cat", "stream": True, "partial_images": 1},
    ],
    "/v1/audio/speech": [
        {"model": "sandbox", "input": "Hello", "voice": "alloy", "response_format": "wav"},
        {"model": "sandbox", "input": "Hello", "voice": "alloy", "stream_format": "sse"},
    ],
}  # fmt: skip
FORMS = ["/v1/audio/transcriptions", "/v1/audio/translations"]
TYPES = [
    b"application/json", b"application/json; charset=utf-16", b"text/plain", b"", b"\xff",
    b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=x",
    b"application/x-www-form-urlencoded", b"application/json; charset=nonsense", b"a" * 5000,
]  # fmt: skip
BOUNDARY = b"frontier"


def request(random: Random) -> tuple[str, bytes, bytes]:
    """Path, content type and body, changed here and there."""
    if random.random() < 0.15:
        return random.choice(FORMS), *form(random)
    path = random.choice(list(BODIES))
    body = hostile.encoded(random, hostile.mutated(random, random.choice(BODIES[path])))
    return path, _kind(random, TYPES[0]), body


def _kind(random: Random, usual: bytes) -> bytes:
    return random.choice(TYPES) if random.random() < 0.1 else usual


def form(random: Random) -> tuple[bytes, bytes]:
    fields = {"model": b"sandbox", "response_format": b"json", "stream": b"true"}
    for name in list(fields):
        if random.random() < 0.2:
            fields[name] = hostile.text(random).encode("utf-8", "surrogatepass")
    parts = [b'name="%s"\r\n\r\n%s' % (name.encode(), value) for name, value in fields.items()]
    sound = random.choice((b"RIFF" + bytes(2000), random.randbytes(50), b""))
    parts.append(b'name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n' + sound)
    random.shuffle(parts)
    if random.random() < 0.2:
        parts *= random.choice((2, 40))
    lines = [b"--%s\r\ncontent-disposition: form-data; %s\r\n" % (BOUNDARY, part) for part in parts]
    body = b"".join(lines) + b"--%s--\r\n" % BOUNDARY
    if random.random() < 0.3:
        body = hostile.garbled(random, body)
    return _kind(random, b"multipart/form-data; boundary=" + BOUNDARY), body
