"""A new signing key concerns whoever has a token, and so every organisation's audit log."""

from tollgate_auth.audit import service as audit
from tollgate_auth.unit_of_work import unit_of_work


def record_rotation(kid: str) -> None:
    """Write down that this key takes over, in a transaction of its own."""
    with unit_of_work():
        audit.record_everywhere("signing_key.rotated", ("signing_key", kid))
