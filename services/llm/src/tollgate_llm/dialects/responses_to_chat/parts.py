"""A part of a message as it grows: text, or a refusal."""

from collections.abc import Iterable
from typing import Any

from tollgate_llm.dialects.translation import Json


def event(kind: str, **fields: Any) -> Json:
    return {"type": f"response.{kind}", **fields}


class Part:
    """`kind` is `output_text` or `refusal`, in the names of events and of types alike. Only texts
    have logprobs and annotations."""

    def __init__(self, kind: str, item_id: str, output_index: int, content_index: int) -> None:
        self.kind = kind
        self._pieces: list[str] = []
        self._logprobs: list[Json] = []
        self._annotations: list[Json] = []
        self._at: Json = {
            "item_id": item_id, "output_index": output_index, "content_index": content_index,
        }  # fmt: skip

    @property
    def _text(self) -> str:
        return "".join(self._pieces)

    @property
    def content(self) -> Json:
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": self._text}
        text: Json = {"type": "output_text", "text": self._text}
        return {**text, "annotations": [*self._annotations], "logprobs": [*self._logprobs]}

    def begin(self) -> list[Json]:
        return [event("content_part.added", **self._at, part=self.content)]

    def say(self, text: str, logprobs: list[Json]) -> list[Json]:
        self._pieces.append(text)
        self._logprobs += logprobs
        return [event(f"{self.kind}.delta", **self._at, delta=text, **self._likely(logprobs))]

    def annotate(self, annotations: Iterable[Json]) -> list[Json]:
        events = []
        for annotation in annotations:
            where = {**self._at, "annotation_index": len(self._annotations)}
            self._annotations.append(annotation)
            events.append(event("output_text.annotation.added", **where, annotation=annotation))
        return events

    def end(self) -> list[Json]:
        said = {self.kind.removeprefix("output_"): self._text, **self._likely(self._logprobs)}
        done = event(f"{self.kind}.done", **self._at, **said)
        return [done, event("content_part.done", **self._at, part=self.content)]

    def _likely(self, logprobs: list[Json]) -> Json:
        return {} if self.kind == "refusal" else {"logprobs": [*logprobs]}
