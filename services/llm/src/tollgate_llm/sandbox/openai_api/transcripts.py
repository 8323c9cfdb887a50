"""What was said in a recording, written in each of OpenAI's formats: one segment, one speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.dialects import JSON

TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    seconds: int
    usage: Json | None

    def written(self, kind: str, granularities: Sequence[str], task: str) -> tuple[bytes, str]:
        """The bytes and their type."""
        if kind == "text":
            return f"{self.text}\n".encode(), TEXT
        if kind == "srt":
            return f"1\n{self._span(',')}\n{self.text}\n\n".encode(), TEXT
        if kind == "vtt":
            return f"WEBVTT\n\n{self._span('.')}\n{self.text}\n\n".encode(), TEXT
        body: Json = {"text": self.text}
        if kind == "verbose_json":
            body = self._verbose(granularities, task)
        elif kind == "diarized_json":
            body = self._diarized(task)
        if self.usage is not None:
            body["usage"] = self.usage
        return msgspec.json.encode(body), JSON

    def _span(self, point: str) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        end = f"{hours:02}:{minutes:02}:{seconds:02}{point}000"
        return f"00:00:00{point}000 --> {end}"

    def _verbose(self, granularities: Sequence[str], task: str) -> Json:
        body: Json = {"task": task, "language": "english", "duration": float(self.seconds),
                      "text": self.text}  # fmt: skip
        if "word" in granularities:
            body["words"] = self._words()
        if not granularities or "segment" in granularities:
            body["segments"] = [{
                "id": 0, "seek": 0, "start": 0.0, "end": float(self.seconds), "text": self.text,
                "tokens": [], "temperature": 0.0, "avg_logprob": -0.1, "compression_ratio": 1.0,
                "no_speech_prob": 0.0,
            }]  # fmt: skip
        return body

    def _words(self) -> list[Json]:
        words = self.text.split()
        step = self.seconds / max(1, len(words))
        return [
            {"word": word, "start": at * step, "end": (at + 1) * step}
            for at, word in enumerate(words)
        ]

    def _diarized(self, task: str) -> Json:
        segment = {"id": "seg_0", "type": "transcript.text.segment", "start": 0.0,
                   "end": float(self.seconds), "speaker": "A", "text": self.text}  # fmt: skip
        return {"task": task, "duration": float(self.seconds), "text": self.text,
                "segments": [segment]}  # fmt: skip
