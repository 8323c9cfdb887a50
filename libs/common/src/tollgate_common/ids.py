"""Identifiers: time-ordered (UUIDv7), so that indexes grow at their end and lists sort by age."""

from uuid_utils import uuid7


def new_id(prefix: str) -> str:
    """`key_0193…`: the prefix says what it names, the rest is a UUIDv7 in hex."""
    return f"{prefix}_{uuid7().hex}"


def new_uuid() -> str:
    """A UUIDv7 in its canonical form: tickets, ledger rows and events."""
    return str(uuid7())
