"""The months of the ledger, a partition each."""
