"""Holding the books against each other: counters, ledger, rollups, and the sandbox's own log."""
