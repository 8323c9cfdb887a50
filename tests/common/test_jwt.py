import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tollgate_common.errors import DependencyDown, Unauthorized
from tollgate_common.jwt import JwksClient, TokenVerifier

ISSUER = "https://tollgate.test"


class Signer:
    """A key that signs, and how it is published."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = Ed25519PrivateKey.generate()

    def published(self) -> dict[str, Any]:
        document: Any = jwt.algorithms.OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**document, "kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def token(self, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        complete = {"iss": ISSUER, "aud": "internal", "sub": "x", "iat": now, "exp": now + 60}
        complete |= claims
        kept = {name: value for name, value in complete.items() if value is not None}
        return jwt.encode(kept, self.private, "EdDSA", {"kid": self.kid, **(headers or {})})


@pytest.fixture
def signer() -> Signer:
    return Signer("k1")


@pytest.fixture
def verifier(signer: Signer) -> TokenVerifier:
    return TokenVerifier(JwksClient(lambda: {"keys": [signer.published()]}), ISSUER, "internal")


def test_a_good_token_gives_its_claims_again_and_again(
    signer: Signer, verifier: TokenVerifier
) -> None:
    token = signer.token(org="org_1")
    assert verifier.verify(token)["org"] == "org_1"
    assert verifier.verify(token)["org"] == "org_1"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "tollgate"}, {"iss": "https://evil.test"}, {"exp": 1}, {"exp": None},
        {"aud": None}, {"iss": None}, {"sub": None}, {"nbf": int(time.time()) + 3600},
    ],
)  # fmt: skip
def test_a_wrong_claim_is_refused(
    signer: Signer, verifier: TokenVerifier, claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorized):
        verifier.verify(signer.token(**claims))


def test_an_algorithm_of_the_tokens_choice_is_refused(
    signer: Signer, verifier: TokenVerifier
) -> None:
    claims = {"iss": ISSUER, "aud": "internal", "sub": "x", "iat": 1, "exp": 9999999999}
    public = str(signer.published()["x"]).ljust(32, "=")
    for token in (
        jwt.encode(claims, None, "none", {"kid": "k1"}),  # type: ignore[arg-type]
        jwt.encode(claims, public, "HS256", {"kid": "k1"}),
    ):
        with pytest.raises(Unauthorized):
            verifier.verify(token)


def test_a_foreign_key_under_our_kid_is_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(Unauthorized):
        verifier.verify(Signer("k1").token())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\udcff.a.b", "e30.e30.e30", "." * 5])
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(Unauthorized):
        verifier.verify(token)


def test_a_remembered_token_still_expires(signer: Signer, verifier: TokenVerifier) -> None:
    expires = int(time.time()) + 1
    token = signer.token(exp=expires)
    verifier.verify(token)
    while time.time() <= expires:
        time.sleep(0.05)
    with pytest.raises(Unauthorized):
        verifier.verify(token)


def test_an_unknown_kid_refetches_but_not_at_every_token(signer: Signer) -> None:
    fetched = 0

    def fetch() -> dict[str, Any]:
        nonlocal fetched
        fetched += 1
        return {"keys": [signer.published()]}

    verifier = TokenVerifier(JwksClient(fetch), ISSUER, "internal")
    for _ in range(20):
        with pytest.raises(Unauthorized):
            verifier.verify(Signer("unknown").token())
    assert fetched == 1


def test_auth_being_down_is_no_401(signer: Signer) -> None:
    def fetch() -> dict[str, Any]:
        raise DependencyDown("auth")

    verifier = TokenVerifier(JwksClient(fetch), ISSUER, "internal")
    for _ in range(2):
        with pytest.raises(DependencyDown):
            verifier.verify(signer.token())
