"""The ledger, usage and reports."""
