"""Usage that nobody knew the price of."""
