"""What the provider's models differ in, told by the version in their names.

Until 4.6 they take sampling parameters; those since take none. From 4.6 on they decide themselves
how long to think; those before need a budget. A name without a version is that of a new model, or
of another vendor's behind the same protocol: it thinks like the new ones and samples like the old.
"""

import re

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2})(?!\d))?")


def takes_sampling(model: str) -> bool:
    version = _version(model)
    return version is None or version <= (4, 6)


def thinks_adaptively(model: str) -> bool:
    version = _version(model)
    return version is None or version >= (4, 6)


def _version(model: str) -> tuple[int, int] | None:
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else None
