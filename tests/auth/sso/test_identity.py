"""What is read of a provider's claims where no test can run the provider itself."""

from typing import Any

import pytest

from tollgate_auth.sso.login.identity import Identity
from tollgate_auth.sso.login.provider import Provider

ENTRA = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0"


def read(issuer: str, claims: dict[str, Any]) -> Identity:
    provider = Provider(
        id="sso_1", org="org_1", issuer=issuer, client_id="c", client_secret="s",
        redirect_uri="r", domains=frozenset({"example.com"}), default_role="member",
        groups_claim="groups", group_roles={},
    )  # fmt: skip
    return Identity.of({"sub": "1", "email": "a@example.com"} | claims, provider)


@pytest.mark.parametrize(
    ("said", "verified"), [(True, True), ("1", True), (False, False), ("0", False)]
)
def test_entra_verifies_addresses_with_a_claim_of_its_own(said: Any, verified: bool) -> None:
    identity = read(ENTRA, {"xms_edov": said})
    assert (identity.verified, identity.complete) == (verified, True)
    assert read(ENTRA, {"xms_edov": said, "email_verified": False}).verified is False


@pytest.mark.parametrize(
    "issuer", ["https://example.com", "https://login.microsoftonline.com.example.com/v2.0"]
)
def test_entras_claim_means_nothing_elsewhere(issuer: str) -> None:
    assert read(issuer, {"xms_edov": True}).verified is None


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("ada@\uff45xample.com", None),
        ("\u212aim@example.com", None),
        ("ad\u0065\u0301@example.com", None),
        ("ad\u00e9@example.com", "ad\u00e9@example.com"),
    ],
)
def test_an_address_that_normalisation_changes_is_none(written: str, email: str | None) -> None:
    assert read("https://example.com", {"email": written}).email == email
