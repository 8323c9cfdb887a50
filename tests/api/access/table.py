"""docs/access.md: what was found, as a table."""

from tests.api.access.looking import ALONE
from tests.api.access.objects import FOREIGN, OTHER, OWN, PROJECT

NOTHING = "–"
Found = dict[str, dict[str, dict[str, bool]]]
"""What is reached, by operation, by credential, by relation."""


def cell(reached: dict[str, bool]) -> str:
    """Return the widest that is reached: `all` of the organisation, the `project`'s, or `own`."""
    assert not reached.get(FOREIGN)
    if reached.get(ALONE):
        return ALONE
    for relation, word in ((OTHER, "all"), (PROJECT, "project"), (OWN, "own")):
        if reached.get(relation):
            return "all" if relation == PROJECT and OTHER not in reached else word
    return NOTHING


def rows(found: Found) -> list[str]:
    credentials = list(next(iter(found.values())))
    head = [
        "| operation | " + " | ".join(credentials) + " |",
        "|---" * (len(credentials) + 1) + "|",
    ]
    return head + [
        f"| `{operation}` | " + " | ".join(cell(reached[each]) for each in credentials) + " |"
        for operation, reached in found.items()
    ]
