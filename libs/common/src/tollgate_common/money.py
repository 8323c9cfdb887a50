"""Money is an integer number of nano-dollars; a decimal string outside. Never a float.

A price is US dollars per million tokens, so one dollar per million is 1,000 nano-dollars a token:
every price with at most three decimal places makes whole nano-dollars. A finer price is summed
exactly over a request and rounded once, half up.
"""

from decimal import ROUND_HALF_UP, Decimal

NANOS_PER_USD = 10**9
NANOS_PER_TOKEN_AT_ONE_USD_PER_MTOK = 1000


def to_nanos(usd: Decimal | str) -> int:
    """Nano-dollars of a decimal amount. More than nine decimal places is a ValueError."""
    nanos = Decimal(usd) * NANOS_PER_USD
    if not nanos.is_finite() or nanos != nanos.to_integral_value():
        raise ValueError("an amount of money has at most nine decimal places")
    return int(nanos)


def to_usd(nanos: int) -> Decimal:
    """The amount in dollars, exact."""
    return Decimal(nanos) / NANOS_PER_USD


def usd_text(nanos: int) -> str:
    """The amount in dollars as a plain decimal string with nine places: `0.000150000`."""
    sign = "-" if nanos < 0 else ""
    whole, rest = divmod(abs(nanos), NANOS_PER_USD)
    return f"{sign}{whole}.{rest:09d}"


def cost_nanos(*tokens_and_prices: tuple[int, Decimal]) -> int:
    """Sum of tokens x price (USD per million tokens), in nano-dollars, rounded once."""
    exact = sum(
        (
            tokens * price * NANOS_PER_TOKEN_AT_ONE_USD_PER_MTOK
            for tokens, price in tokens_and_prices
        ),
        Decimal(0),
    )
    return int(exact.to_integral_value(ROUND_HALF_UP))
