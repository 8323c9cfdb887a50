"""Somebody leaves: what is theirs goes to somebody else, or ends."""
