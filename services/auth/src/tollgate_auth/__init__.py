"""Organisations, users, keys, tokens and limits."""
