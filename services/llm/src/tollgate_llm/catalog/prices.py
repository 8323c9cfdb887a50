"""What a token costs: US dollars per million tokens, always decimals.

List prices are those of genai-prices, with the tiers it knows: once a request's input exceeds a
tier's start, the tier's price holds for all of its tokens. Prices that depend on a date or a time
of day are looked up again every minute.

Sound and images may have prices of their own (`media`). A recording that is priced by the hour is
priced by the audio token of 100 ms, which OpenAI's audio models hear, so that the seconds that
its vendor reports make the vendor's cost. What is priced by neither (characters, searches) has no
price here.

Some ways to be processed have prices of their own (OpenAI's `service_tier`, Anthropic's `speed`):
what the answer says was used is what is booked. An organisation's own price holds for all of them.
"""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from tollgate_common.usage_lines import Kind, UsageLine, priced_line, total_nanos
from tollgate_llm.metering.usage import AUDIO_TOKENS_PER_SECOND, Usage, unusual

REMEMBER_SECONDS = 60.0
REMEMBERED = 10_000
OPENAI, ANTHROPIC = "openai", "anthropic"
MEDIA = ("input_audio", "input_image", "output_audio", "output_image")
WAYS = ("service_tier", "speed")
_MEDIA_KINDS: dict[str, Kind] = {
    "input_audio": "audio_input",
    "input_image": "image_input",
    "output_audio": "audio_output",
    "output_image": "image_output",
}
_FINEST = Decimal("0.000000001")


def _per_token(usd_per_mtok: Decimal) -> str:
    return f"{usd_per_mtok.scaleb(-6).normalize():f}"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """`cached_input` and `cache_write` are as `input` where they are None; so are media without a
    price, and `media` has those that have one. What is kept in the cache for an hour costs
    `cache_write_1h`, as `cache_write` where that is None. `text` is the price of text tokens as
    the management API has it."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    text: dict[str, str] = {}
    media: dict[str, Decimal] = {}

    def cost(self, usage: Usage) -> int:
        """In nano-dollars: the sum of the lines."""
        return total_nanos(self.lines("", usage))

    def lines(self, model: str, usage: Usage) -> tuple[UsageLine, ...]:
        """Return what a model is billed for at this price; quantities of nothing are left out."""
        apart = self._apart(usage)
        read, wrote = usage.input_tokens, usage.output_tokens
        for name, tokens in apart.items():
            read, wrote = (read - tokens, wrote) if name[0] == "i" else (read, wrote - tokens)
        cached = min(usage.cached_input_tokens, read)
        written = min(usage.cache_write_tokens, read - cached)
        hour = min(self._of_an_hour(usage), written)
        quantities: list[tuple[Kind, int, Decimal]] = [
            ("input", read - cached - written, self.input),
            ("cache_read", cached, self.input if self.cached_input is None else self.cached_input),
            (
                "cache_write_5m",
                written - hour,
                self.input if self.cache_write is None else self.cache_write,
            ),
            ("cache_write_1h", hour, self.cache_write_1h or Decimal(0)),
            ("output", wrote, self.output),
            *((_MEDIA_KINDS[name], tokens, self.media[name]) for name, tokens in apart.items()),
        ]
        return tuple(
            priced_line(model, kind, quantity, _per_token(price))
            for kind, quantity, price in quantities
            if quantity
        )

    def booked(self, usage: Usage) -> dict[str, str]:
        """The price as an outcome and a ledger row have it: enough to compute the cost again. So
        the counts of media with a price of their own are in it too, which a row has no column
        for."""
        apart = self._apart(usage)
        prices = {f"{name}_usd_per_mtok": f"{self.media[name]:f}" for name in apart}
        counts = {f"{name}_tokens": str(tokens) for name, tokens in apart.items()}
        if hour := self._of_an_hour(usage):
            prices["cache_write_1h_usd_per_mtok"] = f"{self.cache_write_1h:f}"
            counts["cache_write_1h_tokens"] = str(hour)
        return {**self.text, **prices, **counts} if counts else self.text

    def highest_input(self) -> Decimal:
        """What an input token costs at most: read from the cache, written to it, or neither; of
        text, sound or an image."""
        media = [price for name, price in self.media.items() if name.startswith("input")]
        text = (self.cached_input, self.cache_write, self.cache_write_1h)
        return max([self.input, *(price for price in text if price is not None), *media])

    def highest_output(self) -> Decimal:
        """What an output token costs at most."""
        media = (price for name, price in self.media.items() if name.startswith("output"))
        return max((self.output, *media))

    def _of_an_hour(self, usage: Usage) -> int:
        """Tokens written to the cache for an hour, where that has a price of its own."""
        return 0 if self.cache_write_1h is None else usage.cache_write_1h_tokens

    def _apart(self, usage: Usage) -> dict[str, int]:
        """The tokens that have a price of their own, never more than there are."""
        left = {"input": usage.input_tokens, "output": usage.output_tokens}
        found = {}
        for name in self.media:
            side = name.partition("_")[0]
            tokens = min(getattr(usage, f"{name}_tokens"), left[side])
            left[side] -= tokens
            if tokens:
                found[name] = tokens
        return found


def make_price(
    input_price: Decimal,
    output_price: Decimal,
    cached_input: Decimal | None = None,
    cache_write: Decimal | None = None,
    *,
    cache_write_1h: Decimal | None = None,
    media: dict[str, Decimal] | None = None,
) -> Price:
    named = {
        "input_usd_per_mtok": input_price,
        "output_usd_per_mtok": output_price,
        "cached_input_usd_per_mtok": cached_input,
        "cache_write_usd_per_mtok": cache_write,
    }
    text = {name: f"{value:f}" for name, value in named.items() if value is not None}
    return Price(
        input=input_price, output=output_price, cached_input=cached_input, cache_write=cache_write,
        cache_write_1h=cache_write_1h, text=text, media=media or {},
    )  # fmt: skip


class Tariff(NamedTuple):
    """A model's price, and those that hold from more input tokens on, the highest first. `ways`:
    the tariffs of other ways to be processed, by the vendor's name; None: there is one for all."""

    base: Price
    tiers: tuple[tuple[int, Price], ...] = ()
    ways: dict[str, "Tariff"] | None = None

    def processed(self, way: str | None) -> "Tariff | None":
        """The tariff of a way to be processed, None the usual one; None: nobody knows it."""
        return self if way is None or self.ways is None else self.ways.get(way)

    def at(self, input_tokens: int) -> Price:
        for start, price in self.tiers:
            if input_tokens > start:
                return price
        return self.base

    def highest(self) -> Price:
        """The price that bounds what a request may cost."""
        return self.tiers[0][1] if self.tiers else self.base


SANDBOX = Tariff(make_price(Decimal("1.00"), Decimal("2.00")))


class PriceList:
    """genai-prices, by its own provider id and the model's name as callers write it."""

    def __init__(self, data: DataSnapshot | None = None) -> None:
        self._data = data or get_snapshot()
        self._known: OrderedDict[tuple[str, str], tuple[float, Tariff | None]] = OrderedDict()

    def find(self, vendor: str, model: str) -> Tariff | None:
        """None: not known, or not priced by tokens."""
        known = self._known.get((vendor, model))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        info = self._info(vendor, model)
        tariff = _with_ways(info) if info else None
        self._known[vendor, model] = (time.monotonic() + REMEMBER_SECONDS, tariff)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return tariff

    def context(self, vendor: str, model: str) -> int | None:
        """The most tokens that a model reads; None: not known."""
        info = self._info(vendor, model)
        return info.context_window if info else None

    def knows(self, vendor: str, model: str) -> bool:
        return self._info(vendor, model) is not None

    def names(self, vendor: str) -> list[str]:
        """The names of a vendor's models, those that can be asked for as they are written."""
        provider = next((p for p in self._data.providers if p.id == vendor), None)
        models = provider.models if provider else []
        return [info.id for info in models if info.is_match(info.id) and _callable(info.id)]

    def vendor_of(self, base_url: str) -> str | None:
        """Whose API it is that answers at this address, if it is a known one."""
        try:
            return self._data.find_provider(None, None, base_url).id
        except LookupError:
            return None

    def _info(self, vendor: str, model: str) -> ModelInfo | None:
        try:
            return self._data.find_provider_model(model, None, vendor, None)[1]
        except LookupError:
            return None


def _callable(name: str) -> bool:
    return not name.startswith("ft:") and not name.endswith("-")


def _with_ways(info: ModelInfo) -> Tariff | None:
    now = datetime.now(UTC)
    usual = _tariff(info.get_prices(now))
    if usual is None:
        return None
    ways = {}
    for variant in info.price_variants or ():
        (member, name), *more = variant.when.items()
        if member in WAYS and not more and unusual(name):
            found = _tariff(info.get_prices(now, {member: name}))
            ways[name] = found or usual
    return usual._replace(ways=ways)


def _tariff(prices: ModelPrice) -> Tariff | None:
    columns: dict[str, Any] = {
        "input_price": prices.input_mtok,
        "output_price": prices.output_mtok,
        "cached_input": prices.cache_read_mtok,
        "cache_write": prices.cache_write_mtok,
        "cache_write_1h": getattr(prices, "cache_write_1h_mtok", None),
        **{name: getattr(prices, f"{name}_mtok", None) for name in MEDIA},
    }
    if columns["input_price"] is None:
        columns["input_price"] = _of_token(prices.audio_hours)
    if columns["input_price"] is None:
        return None
    starts = {
        tier.start
        for column in columns.values()
        if isinstance(column, TieredPrices)
        for tier in column.tiers
    }
    tiers = tuple((start, _price(columns, start + 1)) for start in sorted(starts, reverse=True))
    return Tariff(_price(columns, 0), tiers)


def _price(columns: dict[str, Any], input_tokens: int) -> Price:
    at = {name: _at(column, input_tokens) for name, column in columns.items()}
    at["output_price"] = at["output_price"] or Decimal(0)
    media = {name: price for name in MEDIA if (price := at.pop(name)) is not None}
    return make_price(**at, media=media)  # type: ignore[arg-type]  # an input price there is, see above


def _of_token(hour: Decimal | TieredPrices | None) -> Decimal | None:
    """A million audio tokens of 100 ms, from the price of an hour."""
    if not isinstance(hour, Decimal):
        return None
    return (hour * 1_000_000 / (3600 * AUDIO_TOKENS_PER_SECOND)).quantize(_FINEST).normalize()


def _at(column: Decimal | TieredPrices | None, input_tokens: int) -> Decimal | None:
    if not isinstance(column, TieredPrices):
        return column
    price = column.base
    for tier in column.tiers:
        if input_tokens > tier.start:
            price = tier.price
    return price
