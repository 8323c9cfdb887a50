"""The rules for the fields of a request that nothing was made of."""

from collections.abc import Collection

from tollgate_llm.dialects.field_rules import CHAT_TO_MESSAGES, settle_rest
from tollgate_llm.dialects.translation import Drops, Json


def refuse_rest(given: Json, understood: Collection[str], at: str, drops: Drops) -> None:
    """Leave out hints and refuse all else, each by its name, as the table says."""
    settle_rest(CHAT_TO_MESSAGES, given, understood, at, drops)
