"""POST /v1/audio/transcriptions and /v1/audio/translations.

A recording says its `prompt`, or else how long it is in bytes; it plays 16,000 bytes a second.
Whisper reports the seconds it heard, other models tokens: ten a second, and the prompt's;
`sandbox-audio` reports both, as Mistral does, which bills the sound by the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response

from tollgate_llm.sandbox.asks import Ask, Json, wants_stream
from tollgate_llm.sandbox.bills import Bill, bill_of
from tollgate_llm.sandbox.calls import begin
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import ApiError
from tollgate_llm.sandbox.forms import checked_form
from tollgate_llm.sandbox.openai_api.transcripts import Transcript
from tollgate_llm.sandbox.specials import Special
from tollgate_llm.sandbox.sse import Frame, unnamed
from tollgate_llm.sandbox.tokens import count_text, pieces
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType

TRANSCRIPTIONS, TRANSLATIONS = "/v1/audio/transcriptions", "/v1/audio/translations"
LARGEST_FILE = 25 * 2**20
LONGEST_OUTPUT = 2000
BYTES_PER_SECOND, TOKENS_PER_SECOND = 16_000, 10
_TEMPERATURE: dict[str, tuple[float, float]] = {"temperature": (0, 1)}
_PARAMS = {
    TRANSCRIPTIONS: ParamsType("openai.types.audio.transcription_create_params",
                               "TranscriptionCreateParamsBase", ranges=_TEMPERATURE,
                               files=("file",)),
    TRANSLATIONS: ParamsType("openai.types.audio.translation_create_params",
                             "TranslationCreateParams", ranges=_TEMPERATURE, files=("file",)),
}  # fmt: skip


def transcribe(endpoint: str, delivery: Delivery) -> Response:
    body, file = checked_form(OPENAI, _PARAMS[endpoint], ("temperature",), ("stream",))
    size = len(file.read())
    if not 0 < size <= LARGEST_FILE:
        status = 413 if size else 400
        raise ApiError(status, f"Expected 1 to {LARGEST_FILE} bytes.", param=("file",))
    seconds = -(-size // BYTES_PER_SECOND)
    by_time = body["model"].startswith("whisper")
    stream = wants_stream(body) and endpoint == TRANSCRIPTIONS and not by_time
    prompt = body.get("prompt") or ""
    read = TOKENS_PER_SECOND * seconds + (0 if by_time else count_text(prompt))
    ask = Ask(body["model"], stream, prompt, input_tokens=read)
    call, trouble = begin(endpoint, ask, delivery)
    said = pieces(prompt or f"A recording of {size} bytes.", LONGEST_OUTPUT)
    call = replace(call, bill=_bill(ask, seconds, len(said), by_time))
    usage = _usage(ask, seconds, len(said), by_time) if trouble is not Trouble.NOUSAGE else None
    headers = OPENAI.headers()
    if stream:
        return delivery.stream(call, _frames(said, usage), headers, len(said))
    transcript = Transcript("".join(said), seconds, usage)
    content, mimetype = transcript.written(
        body.get("response_format") or "json", body.get("timestamp_granularities") or (),
        "translate" if endpoint == TRANSLATIONS else "transcribe",
    )  # fmt: skip
    return delivery.content(call, content, mimetype, headers, len(said))


def _usage(ask: Ask, seconds: int, made: int, by_time: bool) -> Json:
    if by_time:
        return {"type": "duration", "seconds": seconds}
    heard = TOKENS_PER_SECOND * seconds
    if Special.of(ask.model) is Special.AUDIO:
        return {
            "prompt_audio_seconds": seconds,
            "prompt_tokens": ask.input_tokens - heard,
            "completion_tokens": made,
            "total_tokens": ask.input_tokens + made,
        }
    details = {"text_tokens": ask.input_tokens - heard, "audio_tokens": heard}
    return {
        "type": "tokens",
        "input_tokens": ask.input_tokens,
        "input_token_details": details,
        "output_tokens": made,
        "total_tokens": ask.input_tokens + made,
    }


def _bill(ask: Ask, seconds: int, made: int, by_time: bool) -> Bill:
    """The sound is billed by the second by those who report seconds."""
    if by_time:
        return bill_of(ask.model, seconds=seconds)
    heard = TOKENS_PER_SECOND * seconds
    text = ask.input_tokens - heard
    if Special.of(ask.model) is Special.AUDIO:
        return bill_of(ask.model, input=text, seconds=seconds, output=made)
    return bill_of(ask.model, input=text, audio_input=heard, output=made)


def _frames(said: list[str], usage: Json | None) -> Iterator[Frame]:
    for piece in said:
        yield unnamed({"type": "transcript.text.delta", "delta": piece}, 1)
    done: dict[str, Any] = {"type": "transcript.text.done", "text": "".join(said)}
    if usage is not None:
        done["usage"] = usage
    yield Frame(unnamed(done).data, last=True)
