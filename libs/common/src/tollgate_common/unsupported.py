"""What is to be done with the fields of a request that a translation has no words for. Keys,
models and organisations state it; null says nothing."""

from typing import Literal

Unsupported = Literal["refuse", "drop"]
"""`refuse`: the request is refused, naming the field. `drop`: the field is left out and listed."""
