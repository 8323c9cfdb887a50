"""What vendors publish of the most that one call to a model of images or sound can use, in tokens.

Only published figures: where there is none, nothing bounds a call, and a limit that must hold
refuses it. OpenAI publishes the tokens of gpt-image-1's sizes and qualities (6,240 for the largest
at the highest), and for gpt-4o-transcribe a context of 16,000 tokens and an output of 2,000. The
sandbox keeps within its own.
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
