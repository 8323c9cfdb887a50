"""The overlay: prices, fees, factors and minima that the price list lacks, in TOML.

`overlay.toml` beside this module comes along; PRICE_OVERLAY_FILE names one of the operator's own,
whose entries hold before these. A file with an unknown name, a float, or an entry without its
source is refused: `OverlayInvalid` names the line.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tollgate_llm.metering.usage import TOKENS, Measure
from tollgate_llm.pricing.tariffs import KINDS, MTOK_DIGITS

MTOK = "_mtok"
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?\Z")


class OverlayInvalid(Exception):
    """The overlay cannot be used; the message says where and why."""


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str) or not _PRICE.match(value):
        raise ValueError('a decimal in quotes, like "0.15"')
    return Decimal(value)


def _measure_of_price(name: str) -> Measure:
    """Return the measure that a price's name is for: tokens are priced by the million."""
    measure = name.removesuffix(MTOK)
    if measure not in KINDS or name.endswith(MTOK) != (measure in TOKENS):
        raise ValueError(f"{name!r} is no price that there is")
    return measure


def _prices(value: object) -> dict[Measure, Decimal]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("prices by their names")
    prices = {}
    for name, text in value.items():
        measure = _measure_of_price(str(name))
        usd = _decimal(text)
        prices[measure] = usd.scaleb(-MTOK_DIGITS) if measure in TOKENS else usd
    return prices


Amount = Annotated[Decimal, BeforeValidator(_decimal)]
PricesByMeasure = Annotated[dict[Measure, Decimal], BeforeValidator(_prices)]
Globs = Annotated[tuple[str, ...], Field(min_length=1)]


Timed = Literal["seconds", "pages", "characters"]


class _Entry(BaseModel):
    """What every entry has. `models` are globs, without regard to case; `hosts` are globs of the
    provider's host, any where there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    vendor: str = Field(min_length=1)
    source: str = Field(pattern=r"^https?://\S+$|^\S.*\S$")
    checked: date

    def names(self, model: str) -> bool:
        models: tuple[str, ...] = getattr(self, "models", ("*",))
        return any(fnmatchcase(model.lower(), glob.lower()) for glob in models)


class PriceEntry(_Entry):
    models: Globs
    prices: PricesByMeasure


class FeeEntry(_Entry):
    """Prices that hold for all of a vendor's models which have none of their own."""

    prices: PricesByMeasure


class FactorEntry(_Entry):
    """What token prices are multiplied by: where the answer meets `condition` and the provider is
    at one of `hosts`."""

    name: str = Field(min_length=1, max_length=64)
    models: Globs
    factor: Amount
    condition: dict[str, str] = {}
    hosts: tuple[str, ...] = ()

    def is_at(self, host: str) -> bool:
        return not self.hosts or any(fnmatchcase(host, glob) for glob in self.hosts)

    def holds(self, host: str, conditions: Mapping[str, str]) -> bool:
        meets = all(conditions.get(name) == value for name, value in self.condition.items())
        return meets and self.is_at(host)


class MinimumEntry(_Entry):
    """The least of a quantity that is billed where there is any."""

    models: Globs
    quantities: dict[Timed, Annotated[int, Field(gt=0)]]


class Overlay(BaseModel):
    """Entries in the order in which they hold: the first that fits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    price: tuple[PriceEntry, ...] = ()
    fee: tuple[FeeEntry, ...] = ()
    factor: tuple[FactorEntry, ...] = ()
    minimum: tuple[MinimumEntry, ...] = ()

    def prices(self, vendor: str, model: str) -> dict[Measure, Decimal]:
        """Return the prices of a model that the overlay sets itself."""
        merged: dict[Measure, Decimal] = {}
        for entry in self.price:
            if entry.vendor == vendor and entry.names(model):
                merged = {**entry.prices, **merged}
        return merged

    def fees(self, vendor: str) -> dict[Measure, Decimal]:
        """Return what a vendor's tools cost where its list does not say."""
        merged: dict[Measure, Decimal] = {}
        for entry in self.fee:
            if entry.vendor == vendor:
                merged = {**entry.prices, **merged}
        return merged

    def factors(
        self, vendor: str, model: str, host: str, conditions: Mapping[str, str]
    ) -> tuple[FactorEntry, ...]:
        """Return what multiplies the prices of tokens: the first entry of each name."""
        fitting: dict[str, FactorEntry] = {}
        for entry in self.factor:
            if entry.vendor == vendor and entry.names(model) and entry.holds(host, conditions):
                fitting.setdefault(entry.name, entry)
        return tuple(fitting.values())

    def possible_factors(self, vendor: str, model: str, host: str) -> tuple[FactorEntry, ...]:
        """Return what may multiply the prices of tokens, whatever the answer's conditions are."""
        return tuple(
            entry
            for entry in self.factor
            if entry.vendor == vendor and entry.names(model) and entry.is_at(host)
        )

    def minima(self, vendor: str, model: str) -> Mapping[Timed, int]:
        for entry in self.minimum:
            if entry.vendor == vendor and entry.names(model):
                return entry.quantities
        return {}

    def before(self, other: "Overlay") -> "Overlay":
        """Return both, the entries of this one first."""
        return Overlay(
            price=(*self.price, *other.price),
            fee=(*self.fee, *other.fee),
            factor=(*self.factor, *other.factor),
            minimum=(*self.minimum, *other.minimum),
        )


def packaged() -> Overlay:
    text = resources.files(__package__).joinpath("overlay.toml").read_text()
    return parse(text, "overlay.toml")


def read(path: Path | None) -> Overlay:
    """Return the packaged overlay, the operator's own entries before it. `OverlayInvalid` for a
    file that cannot be read or used."""
    if path is None:
        return packaged()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OverlayInvalid(f"{path}: cannot be read ({error})") from None
    return parse(text, str(path)).before(packaged())


def parse(text: str, name: str) -> Overlay:
    """Return the overlay that a text in TOML is; `name` is what the file is called in errors."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OverlayInvalid(f"{name}: {error}") from None
    try:
        return Overlay.model_validate(tables)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place, message = first["loc"], first["msg"].removeprefix("Value error, ")
        field = ".".join(str(part) for part in place)
        raise OverlayInvalid(f"{name}, line {_line_of(text, place)}: {field}: {message}") from None


def _line_of(text: str, place: tuple[Any, ...]) -> int:
    """Return the line of the entry, or of its field where that has a line of its own."""
    header, number = f"[[{place[0]}]]", place[1] if len(place) > 1 else 0
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.strip() == header]
    if not isinstance(number, int) or number >= len(starts):
        top = (index for index, line in enumerate(lines) if line.strip().startswith(str(place[0])))
        return next(top, starts[0] if starts else 0) + 1
    start = starts[number]
    for index in range(start + 1, len(lines)):
        if lines[index].lstrip().startswith("["):
            break
        if len(place) > 2 and re.match(rf"\s*{re.escape(str(place[2]))}\s*=", lines[index]):
            return index + 1
    return start + 1
