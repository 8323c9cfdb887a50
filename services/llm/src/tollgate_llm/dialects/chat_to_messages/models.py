"""What the provider's models differ in, told by their names.

- Until 4.6 they take sampling parameters, since then none.
- From 4.6 on they decide themselves how long to think; those before need a budget.
- Fable and Mythos, and Opus and Sonnet from 5.5 on, cannot be kept from thinking.

A name that tells nothing is that of another vendor's model behind the same protocol, or of one to
come: it is taken to think like the new ones, and to allow what the provider does not refuse.
"""

import re

_NAME = re.compile(r"claude-(?:([a-z]+)-)?(\d+)(?:[-.](\d{1,2})(?!\d))?")
_ALWAYS_THINKING = re.compile(r"claude-(?:fable|mythos)")


def takes_sampling(model: str) -> bool:
    _, version = _told(model)
    return not _ALWAYS_THINKING.search(model) and (version is None or version <= (4, 6))


def thinks_adaptively(model: str) -> bool:
    _, version = _told(model)
    return version is None or version >= (4, 6)


def can_refrain_from_thinking(model: str) -> bool:
    family, version = _told(model)
    grown = family in ("opus", "sonnet") and version is not None and version >= (5, 5)
    return not (grown or _ALWAYS_THINKING.search(model))


def _told(model: str) -> tuple[str | None, tuple[int, int] | None]:
    """The family and the version, as far as the name tells them."""
    found = _NAME.search(model)
    return (found[1], (int(found[2]), int(found[3] or 0))) if found else (None, None)
