"""What is asked and what is answered: OpenAI chat completions, the same for every gateway."""

import json
from typing import Any

MODEL = "gpt-4o-mini"
CHUNKS, CHUNK_BYTES = 52, 256
WORDS = CHUNKS - 4  # beside them: the role, the end, the usage, and [DONE]
SAID = "".join(f"word{number} " for number in range(WORDS))
LARGE_PROMPT_BYTES = 100_000
USAGE = {"prompt_tokens": 12, "completion_tokens": WORDS, "total_tokens": 12 + WORDS}

_HEAD = {"id": "chatcmpl-bench", "created": 1767225600, "model": MODEL}


def request(model: str, *, stream: bool, prompt: str = "Say the words.") -> bytes:
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    return _compact(body | {"max_tokens": 64} | ({"stream": True} if stream else {}))


def large_prompt() -> str:
    return ("The quick brown fox jumps over the lazy dog. " * 3000)[:LARGE_PROMPT_BYTES]


def completion() -> bytes:
    message = {"role": "assistant", "content": SAID, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _compact({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def stream() -> bytes:
    """52 events. All but the last are of one length, padded as OpenAI pads its own, so that a
    server that writes so many bytes at a time writes one event at a time."""
    deltas = [{"role": "assistant", "content": ""}, *({"content": w} for w in _words())]
    chunks: list[dict[str, Any]] = [
        *({"choices": [_choice(delta, None)]} for delta in deltas),
        {"choices": [_choice({}, "stop")]},
        {"choices": [], "usage": USAGE},
    ]
    return b"".join(map(_event, chunks)) + b"data: [DONE]\n\n"


def said_by(answer: bytes, *, stream: bool) -> str:
    """What the model says in an answer, to see that all of it came through."""
    if not stream:
        return str(json.loads(answer)["choices"][0]["message"]["content"])
    data = [line[6:] for line in answer.splitlines() if line.startswith(b"data: {")]
    choices = [choice for chunk in data for choice in json.loads(chunk)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def _words() -> list[str]:
    return [f"{word} " for word in SAID.split()]


def _choice(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _event(chunk: dict[str, Any]) -> bytes:
    whole = {**_HEAD, "object": "chat.completion.chunk", **chunk, "obfuscation": ""}
    missing = CHUNK_BYTES - len(_data(whole))
    return _data(whole | {"obfuscation": "x" * missing})


def _data(chunk: dict[str, Any]) -> bytes:
    return b"data: " + _compact(chunk) + b"\n\n"


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
