"""The rules for the fields of a request that nothing was made of."""

from collections.abc import Collection

from tollgate_llm.dialects.field_rules import MESSAGES_TO_CHAT, Direction, settle_rest
from tollgate_llm.dialects.translation import Drops, Json, Wanted


class DirectedDrops(Drops):
    """Drops by the table of another direction: callers of messages are read alike, whichever route
    of the provider is asked."""

    def __init__(self, wanted: Wanted, direction: Direction) -> None:
        super().__init__(wanted)
        self.direction = direction


def refuse_rest(given: Json, understood: Collection[str], at: str, drops: Drops) -> None:
    """Leave out hints and refuse all else, each by its name, as the table says."""
    direction = drops.direction if isinstance(drops, DirectedDrops) else MESSAGES_TO_CHAT
    settle_rest(direction, given, understood, at, drops)
