"""POST /v1/completions: the legacy route, with several prompts in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Any
from uuid import uuid4

from flask import Response

from tollgate_llm.sandbox.answers import Answer, compose, compose_overage
from tollgate_llm.sandbox.asks import Ask, Json, wants_stream
from tollgate_llm.sandbox.calls import begin, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.specials import distorted
from tollgate_llm.sandbox.sse import DONE, Frame, unnamed
from tollgate_llm.sandbox.tokens import count_text
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType

ENDPOINT = "/v1/completions"
DEFAULT_CAP = 16
PARAMS = ParamsType(
    "openai.types.completion_create_params",
    "CompletionCreateParamsBase",
    ranges={
        "max_tokens": (0, 10**9),
        "n": (1, 128),
        "best_of": (1, 20),
        "logprobs": (0, 5),
        "temperature": (0, 2),
        "top_p": (0, 1),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
    },
    filled=("prompt",),
)


@dataclass(frozen=True, slots=True)
class Completed:
    """A call and what is answered to each of its prompts, `n` times. `made` is how many times for
    the bill."""

    body: Json
    ask: Ask
    prompts: list[str]
    answers: list[Answer]
    n: int
    made: int
    counted: bool

    @property
    def output_tokens(self) -> int:
        return sum(answer.tokens for answer in self.answers) * self.made


def complete(delivery: Delivery) -> Response:
    body = checked_body(OPENAI, PARAMS)
    ask, prompts = _asked(body)
    call, trouble = begin(ENDPOINT, ask, delivery)
    answering = compose_overage if trouble is Trouble.OVERAGE else compose
    done = Completed(
        body, ask, prompts, [answering(_one(body, ask, prompt)) for prompt in prompts],
        n=body.get("n") or 1, made=_made(body), counted=trouble is not Trouble.NOUSAGE,
    )  # fmt: skip
    headers, tokens = OPENAI.headers(), done.output_tokens
    if ask.stream:
        return delivery.stream(call, _frames(done), headers, tokens)
    return delivery.whole(call, _whole(done), headers, tokens)


def _asked(body: Json) -> tuple[Ask, list[str]]:
    stream, given = wants_stream(body), body["prompt"]
    if body.get("stream_options") is not None and not stream:
        raise InvalidRequest(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param=("stream_options",),
        )
    if _made(body) > (body.get("n") or 1) and stream:
        raise InvalidRequest("Cannot stream results with best_of > n.", param=("best_of",))
    if body.get("best_of") is not None and body["best_of"] < (body.get("n") or 1):
        raise InvalidRequest("You must have best_of >= n.", param=("best_of",))
    is_one = isinstance(given, str) or given is None or isinstance(given[0], int)
    prompts = [given] if is_one else given
    tokens = sum(map(_count, prompts))
    ask = Ask(model=body["model"], stream=stream, prompt="", input_tokens=tokens)
    return ask, [_text(prompt) for prompt in prompts]


def _made(body: Json) -> int:
    return max(body.get("n") or 1, body.get("best_of") or 1)


def _one(body: Json, ask: Ask, prompt: str) -> Ask:
    cap, stop = body.get("max_tokens"), body.get("stop") or ()
    return Ask(
        model=ask.model, stream=ask.stream, prompt=prompt, input_tokens=0,
        cap=DEFAULT_CAP if cap is None else cap,
        stops=(stop,) if isinstance(stop, str) else tuple(stop),
    )  # fmt: skip


def _text(prompt: Any) -> str:
    return prompt if isinstance(prompt, str) else " ".join(map(str, prompt or ()))


def _count(prompt: Any) -> int:
    return count_text(prompt) if isinstance(prompt, str) else len(prompt or ())


def _head(done: Completed) -> Json:
    return {
        "id": f"cmpl-{uuid4().hex}",
        "object": "text_completion",
        "created": int(time()),
        "model": done.ask.model,
    }


def _usage(done: Completed) -> Json:
    sent, made = done.ask.input_tokens, done.output_tokens
    usage = {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
    return distorted(usage, done.ask.model)


def _choices(done: Completed) -> Iterator[tuple[int, str, Answer]]:
    """Index, what is echoed before it, and the answer, prompt by prompt."""
    for number, (prompt, answer) in enumerate(zip(done.prompts, done.answers, strict=True)):
        for nth in range(done.n):
            yield number * done.n + nth, prompt if done.body.get("echo") else "", answer


def _choice(index: int, text: str, reason: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}


def _reason(answer: Answer) -> str:
    return "length" if answer.ended == "cap" else "stop"


def _whole(done: Completed) -> Json:
    choices = [_choice(index, echo + a.text, _reason(a)) for index, echo, a in _choices(done)]
    completion = {**_head(done), "choices": choices}
    return {**completion, "usage": _usage(done)} if done.counted else completion


def _frames(done: Completed) -> Iterator[Frame]:
    head = _head(done)
    wants_usage = bool((done.body.get("stream_options") or {}).get("include_usage"))
    if wants_usage and done.counted:
        head["usage"] = None
    for index, echo, answer in _choices(done):
        if echo:
            yield unnamed({**head, "choices": [_choice(index, echo, None)]})
        for piece in answer.pieces:
            yield unnamed({**head, "choices": [_choice(index, piece, None)]}, 1)
        yield unnamed({**head, "choices": [_choice(index, "", _reason(answer))]})
    if wants_usage and done.counted:
        yield unnamed({**head, "choices": [], "usage": _usage(done)})
    yield DONE
