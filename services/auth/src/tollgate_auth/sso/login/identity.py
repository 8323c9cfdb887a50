"""Who somebody is, in the words of the provider: claims that have been verified, and are still
whatever the provider's directory holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from urllib.parse import urlsplit

from email_validator import validate_email
from pydantic import TypeAdapter, ValidationError

from tollgate_auth.fields import Email, Name
from tollgate_auth.sso.login.provider import Provider

LONGEST_SUBJECT = 255
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_NAME: TypeAdapter[str] = TypeAdapter(Name)

# Entra ID knows no `email_verified`; it says with another claim that the address's domain is the
# directory's own. Elsewhere that claim means nothing.
_ENTRA_HOSTS = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
_ENTRA_VERIFIED = "xms_edov"
_YES = (True, "1", "true")


@dataclass(frozen=True)
class Identity:
    """`verified`: None when it is not said. `groups`: None when there is no such claim.
    `complete`: nothing is left to ask for."""

    subject: str
    email: str | None
    verified: bool | None
    name: str | None
    groups: frozenset[str] | None
    complete: bool

    @classmethod
    def of(cls, claims: Mapping[str, Any], provider: Provider) -> "Identity":
        """ValueError when the claims name nobody."""
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise ValueError("no subject")
        if "\x00" in subject:
            raise ValueError("a subject that cannot be stored")
        email = _address(claims.get("email"))
        verified = _verified(claims, provider.issuer)
        groups = _groups(claims.get(provider.groups_claim))
        return cls(
            subject=subject, email=email, verified=verified,
            name=_valid(_NAME, claims.get("name")), groups=groups,
            complete=email is not None and verified is not None
            and (groups is not None or not provider.group_roles),
        )  # fmt: skip


def _valid(kind: TypeAdapter[str], value: Any) -> str | None:
    try:
        return kind.validate_python(value, strict=True)
    except ValidationError:
        return None


def _address(value: Any) -> str | None:
    """An address as it is written, but for ASCII's case and the domain's two forms: one that has to
    be normalised to be somebody's may be another person's at the provider."""
    email = _valid(_EMAIL, value)
    if email is None:
        return None
    name, _, domain = value.translate(_LOWER).rpartition("@")
    known_name, _, known_domain = email.rpartition("@")
    parts = validate_email(email, check_deliverability=False, globally_deliverable=False)
    is_as_written = name == known_name and domain in (known_domain, parts.ascii_domain)
    return email if is_as_written else None


def _verified(claims: Mapping[str, Any], issuer: str) -> bool | None:
    if "email_verified" in claims:
        said = claims["email_verified"]
        return said is True or said == "true"
    if urlsplit(issuer).hostname in _ENTRA_HOSTS and _ENTRA_VERIFIED in claims:
        return claims[_ENTRA_VERIFIED] in _YES
    return None


def _groups(value: Any) -> frozenset[str] | None:
    """One group may come as a text of its own."""
    if value is None:
        return None
    listed = value if isinstance(value, list) else [value]
    return frozenset(group for group in listed if isinstance(group, str))
