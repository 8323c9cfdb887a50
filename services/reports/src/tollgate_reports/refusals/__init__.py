"""Refused requests: no rows of the ledger, but counts."""
