"""Vendors' requests as clouds want them: pure functions of the vendor's own, one a kind."""

from tollgate_llm.inference.clouds.requests import SHAPES, Plain, Shaped

__all__ = ["SHAPES", "Plain", "Shaped"]
