"""What a vendor would bill for an answer: the witness against which the books are checked.

This is reckoned from what was asked and answered, not from the usage document that is sent, so
that the two can disagree. Quantities of nothing are left out; what is billed to the answer's model
comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tollgate_llm.sandbox import specials
from tollgate_llm.sandbox.specials import SECOND_MODEL, Special

INPUTS = frozenset(
    {
        "input",
        "cache_read",
        "cache_write_5m",
        "cache_write_1h",
        "audio_input",
        "image_input",
    }
)
OUTPUTS = frozenset({"output", "audio_output", "image_output"})


class Quantity(NamedTuple):
    """So many units of one kind, by the names that lines of the books have."""

    model: str
    kind: str
    quantity: int

    def line(self) -> dict[str, Any]:
        return self._asdict()


Bill = tuple[Quantity, ...]


class Work(NamedTuple):
    """One answer: who was asked, in whose dialect, and what was read and made in tokens."""

    model: str
    is_anthropic: bool
    read: int
    made: int
    is_response: bool = False


def bill_of(model: str, **quantities: int) -> Bill:
    return tuple(Quantity(model, kind, count) for kind, count in quantities.items() if count)


def tokens_in(bill: Bill, kinds: frozenset[str]) -> int:
    return sum(each.quantity for each in bill if each.kind in kinds)


def bill_for(work: Work) -> Bill:
    reckon = _BILLS.get(Special.of(work.model), _plain)
    return reckon(work)


def _plain(work: Work) -> Bill:
    return bill_of(work.model, input=work.read, output=work.made)


def _compaction(work: Work) -> Bill:
    if not work.is_anthropic:
        return _plain(work)
    read, wrote = specials.COMPACTED_TOKENS, specials.SUMMARY_TOKENS
    return bill_of(work.model, input=work.read + read, output=work.made + wrote)


def _advisor(work: Work) -> Bill:
    if not work.is_anthropic:
        return _plain(work)
    own = bill_of(
        work.model,
        input=work.read + specials.AFTER_ADVICE_TOKENS,
        cache_read=work.read,
        output=specials.CONSULTING_TOKENS + work.made,
    )
    read, wrote = specials.ADVISOR_READS, specials.ADVICE_TOKENS
    return own + bill_of(SECOND_MODEL, input=read, output=wrote)


def _fallback(work: Work) -> Bill:
    """A model that declines before it has said anything is not paid."""
    return _plain(work._replace(model=SECOND_MODEL)) if work.is_anthropic else _plain(work)


def _fees(work: Work) -> Bill:
    fees = {"web_searches": specials.SEARCHES}
    if work.is_response:
        fees |= {"file_searches": specials.FILE_SEARCHES, "code_sessions": 1}
    return _plain(work) + bill_of(work.model, **fees)


def _refusal(work: Work) -> Bill:
    return () if work.is_anthropic else _plain(work)


def _cache(work: Work) -> Bill:
    """OpenAI's dialect has one kind of writing."""
    given, short, long = specials.cache_split(work.read)
    if not work.is_anthropic:
        long = 0
    return bill_of(
        work.model,
        input=work.read - given - short - long,
        cache_read=given,
        cache_write_5m=short,
        cache_write_1h=long,
        output=work.made,
    )


def _late_cache(work: Work) -> Bill:
    if not work.is_anthropic:
        return _plain(work)
    given, long = specials.late_cache_split(work.read)
    rest = work.read - given - long
    return bill_of(work.model, input=rest, cache_read=given, cache_write_1h=long, output=work.made)


def _thinking(work: Work) -> Bill:
    return _plain(work._replace(made=work.made + specials.THINKING_TOKENS))


def _audio(work: Work) -> Bill:
    """Half of what is read and of what is made is sound, in chat completions."""
    if work.is_anthropic or work.is_response:
        return _plain(work)
    heard, spoken = work.read // 2, work.made // 2
    return bill_of(
        work.model,
        input=work.read - heard,
        audio_input=heard,
        output=work.made - spoken,
        audio_output=spoken,
    )


_BILLS: dict[Special, Callable[[Work], Bill]] = {
    Special.COMPACTION: _compaction,
    Special.ADVISOR: _advisor,
    Special.FALLBACK: _fallback,
    Special.FEES: _fees,
    Special.REFUSAL: _refusal,
    Special.CACHE: _cache,
    Special.CACHE_LATE: _late_cache,
    Special.THINKING: _thinking,
    Special.AUDIO: _audio,
}
