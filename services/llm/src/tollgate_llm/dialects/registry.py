"""Which translations there are. Each is loaded when it is first needed: most processes relay."""

from functools import cache
from importlib import import_module

from tollgate_llm.dialects.translation import Translation
from tollgate_llm.providers.kinds import Kind

# The caller's route and the provider's kind → the package here.
_PACKAGES: dict[tuple[str, Kind], str] = {}


@cache
def between(path: str, kind: Kind) -> Translation | None:
    """From the caller's route to a kind of provider that has no such route."""
    package = _PACKAGES.get((path, kind))
    if package is None:
        return None
    translation: Translation = import_module(f"{__package__}.{package}").TRANSLATION
    return translation
