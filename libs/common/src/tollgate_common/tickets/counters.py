"""Reading a limit's counter where no script does: for whoever compares it with something else."""

import struct
from typing import NamedTuple

_FORM = struct.Struct("<ddddd")
"""As `counting.lua` packs it: used, reserved, and three that are of no concern here."""


class Counted(NamedTuple):
    """In whole units: requests, tokens, or nano-dollars."""

    used: int = 0
    reserved: int = 0


def read_counter(packed: bytes | None) -> Counted:
    """Of a calendar window, a total or a gauge; without a counter nothing is counted. One that
    refills has drained since it was written, which this does not know of."""
    if packed is None:
        return Counted()
    used, reserved, *_ = _FORM.unpack(packed)
    return Counted(round(used), round(reserved))
