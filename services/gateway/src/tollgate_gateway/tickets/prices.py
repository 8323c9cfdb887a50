"""Amounts and prices as reserved lines have them."""

from decimal import Decimal
from functools import lru_cache

from tollgate_gateway.tickets.model_facts import Price

MAX_AMOUNT = 2**52
"""The largest amount that is reserved: beyond every limit, and still exact where Redis counts."""


def token_prices(price: Price | None) -> tuple[str | None, str | None]:
    """Return US dollars for one token of input and of output; None where nobody knows."""
    if price is None:
        return None, None
    return _per_token(price.input_usd_per_mtok), _per_token(price.output_usd_per_mtok)


@lru_cache(maxsize=1000)
def _per_token(usd_per_mtok: Decimal) -> str:
    """Return US dollars for one token as a plain decimal string."""
    return f"{usd_per_mtok.scaleb(-6).normalize():f}"
