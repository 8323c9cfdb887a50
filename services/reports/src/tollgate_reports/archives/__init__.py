"""Old months of the ledger, each in a Parquet file instead of a partition."""
