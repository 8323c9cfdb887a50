"""What vendors publish of the most that one call to a model of images or sound can use, in tokens.

Where there is none, an organisation may state what it knows of its own model; where nobody says
anything, nothing bounds a call, and a limit that must hold refuses it. OpenAI publishes the tokens
of gpt-image-1's sizes and qualities (6,240 for the largest at the highest), and for
gpt-4o-transcribe a context of 16,000 tokens and an output of 2,000. The sandbox keeps within its
own.
"""

import re
from typing import NamedTuple


class Maxima(NamedTuple):
    """Of one image, one speech; of one recording that is heard, and what is written of it."""

    image: int | None = None
    speech: int | None = None
    recording: int | None = None
    transcript: int | None = None


NONE = Maxima()
SANDBOX = Maxima(image=272, speech=32_000, recording=16_000, transcript=2_000)
_PUBLISHED = (
    (re.compile(r"gpt-image-1(\.5|-mini)?(-\d{4}-\d{2}-\d{2})?\Z"), Maxima(image=6240)),
    (
        re.compile(r"gpt-4o(-mini)?-transcribe(-\d{4}-\d{2}-\d{2})?\Z"),
        Maxima(recording=16_000, transcript=2_000),
    ),
)


def published(model: str) -> Maxima:
    """By OpenAI's name for it."""
    return next((found for name, found in _PUBLISHED if name.match(model)), NONE)


def highest(of_each: list[Maxima]) -> Maxima:
    """What holds for whichever of them answers."""
    columns = zip(*of_each, strict=True)
    return Maxima(*(None if None in column else max(column) for column in columns))


def stated(max_input: int | None, max_output: int | None) -> Maxima:
    """By the organisation, of its model: whatever it is that the model makes."""
    return Maxima(image=max_output, speech=max_output, recording=max_input, transcript=max_output)


def supplemented(known: Maxima, said: Maxima) -> Maxima:
    """What is published, and what is stated; the higher where there are both: a statement never
    makes a bound smaller than one that is known."""
    pairs = zip(known, said, strict=True)
    return Maxima(*(max((n for n in pair if n is not None), default=None) for pair in pairs))
