"""Adjustments: rows of the ledger that correct another row."""
