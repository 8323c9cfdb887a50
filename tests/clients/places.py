"""Where a client's model is: at a provider of the client's own dialect, or at one of the other's.

Relayed, a test key is answered by the sandbox in the caller's dialect. Translated, a model of the
same name has one route only, a provider of the other kind, behind which is the sandbox again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.e2e.platform import Key, Platform
from tests.e2e.routed import model_at

WAYS = ("relayed", "translated")
OWN_MODELS = {
    "openai": ("gpt-4o-mini", "gpt-5.5"),
    "anthropic": ("claude-sonnet-5", "claude-haiku-4-5"),
}
OTHERS = {"openai": "anthropic", "anthropic": "openai"}


@dataclass(frozen=True)
class Place:
    """Two models that a key may use, by the URL that both vendors' clients take."""

    url: str
    key: Key
    mode: str
    model: str
    other_model: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": self.key.secret,
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": self.key.secret,
            "TOLLGATE_MODEL": self.model,
            "TOLLGATE_OTHER_MODEL": self.other_model,
        }


@contextmanager
def place_of(platform: Platform, vendor: str, way: str) -> Iterator[Place]:
    """Where clients of this vendor's dialect find their models."""
    model, other = OWN_MODELS[vendor]
    if way == "relayed":
        yield Place(platform.url, platform.new_key(), "test", model, other)
        return
    kind = OTHERS[vendor]
    with model_at(platform, kind, model), model_at(platform, kind, other):
        yield Place(platform.url, platform.new_key(mode="live"), "live", model, other)
