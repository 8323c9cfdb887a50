"""What was used in a period: sums over the ledger, by whatever is asked for."""
