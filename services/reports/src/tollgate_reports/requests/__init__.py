"""Requests, one by one: rows of the ledger as the API shows them."""
