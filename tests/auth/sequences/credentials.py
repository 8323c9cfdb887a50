"""A credential, by what auth finds its principal with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Credential:
    """`kind` is `key` or `user`: a person or a service account is a user."""

    kind: str
    id: str

    @property
    def name(self) -> dict[str, str]:
        return {f"{self.kind}_id": self.id}
