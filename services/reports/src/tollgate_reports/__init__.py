"""The reports service: the ledger, usage and report runs."""
