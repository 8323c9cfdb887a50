"""What vendors publish of the most that one call to a model of images or sound can use, in tokens.

Where there is none, an organisation may state what it knows of its own model; where nobody says
anything, nothing bounds a call, and a limit that must hold refuses it. Of pictures that are read it
is what vendors publish of the largest. OpenAI publishes the tokens
of gpt-image-1's sizes and qualities (6,240 for the largest at the highest), and for
gpt-4o-transcribe a context of 16,000 tokens and an output of 2,000. The sandbox keeps within its
own.
"""

import re
from typing import NamedTuple

from tollgate_common.principal import folded


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
    return next((found for name, found in _PUBLISHED if name.match(folded(model))), NONE)


SANDBOX_IMAGE = 85
SANDBOX_CONTEXT = 16_000
_TILES, _MINIS_TILES = 85 + 8 * 170, 2833 + 8 * 5667
_PICTURES = (
    (re.compile(r"(?:.*[/.])?gpt-4o-mini(-\d.*)?\Z"), _MINIS_TILES),
    (re.compile(r"(gpt-4o|chatgpt-4o|gpt-4-turbo|gpt-4-vision|gpt-4\.5)(-.*)?\Z"), _TILES),
    (re.compile(r"gpt-4\.1(-\d.*)?\Z"), _TILES),
    (re.compile(r"gpt-5(-chat)?(-latest|-\d.*)?\Z"), 70 + 8 * 140),
    (re.compile(r"(gpt-4\.1|gpt-5)-mini(-\d.*)?\Z"), 2489),
    (re.compile(r"(gpt-4\.1|gpt-5)-nano(-\d.*)?\Z"), 3779),
    (re.compile(r"o4-mini(-\d.*)?\Z"), 2642),
    (re.compile(r"(o1|o1-pro|o3)(-\d.*)?\Z"), 75 + 8 * 150),
    (re.compile(r"computer-use-preview(-.*)?\Z"), 65 + 8 * 129),
    (re.compile(r"(?:.*[/.])?claude-"), 4784),
)


_LONGER = (re.compile(r"(?:.*[/.])?claude-sonnet-4(-0|-5)?([-@]\d{8}.*)?\Z"), 1_000_000)
"""A header of a beta (`context-1m-2025-08-07`) grants them more than the price list says."""


def of_everything(model: str, listed: int | None) -> int | None:
    """The most tokens that a model reads, given what the price list says of it."""
    name, most = _LONGER
    return max(listed or 0, most) if name.match(folded(model)) else listed


def of_a_picture(model: str) -> int | None:
    """The most tokens that a model reads of one picture, by its vendor's name for it.

    OpenAI: so many for the picture and so many for each of at most eight tiles, or 1,536 patches
    times the model's factor. Anthropic: the 4,784 of its sharpest models, 1,568 of the others. None
    for models that see in more detail than is published here: their context bounds them."""
    return next((most for name, most in _PICTURES if name.match(folded(model))), None)


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
