"""The ledger: one row for every accepted request, and the rollups made from it."""
