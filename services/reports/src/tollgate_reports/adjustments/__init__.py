"""Adjustments: rows of the ledger that correct what another row had to estimate."""
