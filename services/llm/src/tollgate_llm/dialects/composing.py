"""Two translations as one, where no third is written: from A to B, and from B to C."""

from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.translation import (
    Json,
    StreamTranslator,
    Translated,
    Translation,
    Wanted,
)


def composed(first: Translation, second: Translation) -> Translation:
    """Callers of `first`'s dialect, providers of `second`'s. In between is a request that nobody
    sent, and so what `first` makes of the caller's. What `second` refuses or leaves out is named as
    the caller wrote it."""

    def between(asked: Json) -> Json:
        model = str(asked.get("model", ""))
        return first.request(asked, Wanted(model, 1, drop=True)).body

    def request(asked: Json, wanted: Wanted) -> Translated:
        half = first.request(asked, wanted)
        try:
            whole = second.request(half.body, wanted)
        except UnsupportedParameter as refused:
            param = first.caller_param(refused.path, asked)
            raise UnsupportedParameter(param, refused.reason) from None
        dropped = (first.caller_param(name, asked) for name in whole.dropped)
        return Translated(whole.body, tuple(dict.fromkeys((*half.dropped, *dropped))))

    def answer(asked: Json, answered: Json) -> Json:
        return first.answer(asked, second.answer(between(asked), answered))

    def stream(asked: Json) -> StreamTranslator:
        return _Chain(first.stream(asked), second.stream(between(asked)))

    return Translation(second.path, request, answer, stream)


class _Chain:
    """What comes from the provider goes through the second translator, then the first."""

    def __init__(self, first: StreamTranslator, second: StreamTranslator) -> None:
        self._first = first
        self._second = second

    @property
    def is_whole(self) -> bool:
        return self._second.is_whole

    def feed(self, event: Json) -> list[Json]:
        return self._through(self._second.feed(event))

    def finish(self) -> list[Json]:
        return self._through(self._second.finish()) + self._first.finish()

    def _through(self, events: list[Json]) -> list[Json]:
        return [out for event in events for out in self._first.feed(event)]
