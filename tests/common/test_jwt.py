import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tollgate_common.errors import DependencyDown, Unauthorized
from tollgate_common.jwt import REFRESH_SECONDS, TRUSTED_SECONDS, JwksClient, TokenVerifier

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


class Publisher:
    """What auth publishes, and how often it was asked."""

    def __init__(self, *signers: Signer) -> None:
        self.signers = list(signers)
        self.asked = 0
        self.is_down = False

    def fetch(self) -> dict[str, Any]:
        self.asked += 1
        if self.is_down:
            raise DependencyDown("auth")
        return {"keys": [signer.published() for signer in self.signers]}


def age(jwks: JwksClient, seconds: float) -> None:
    jwks._fetched_at -= seconds


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestRevokedKeys:
    def test_a_token_that_passed_is_refused_once_its_key_is_not_published(self) -> None:
        revoked, other = Signer("k1"), Signer("k2")
        auth = Publisher(revoked, other)
        jwks = JwksClient(auth.fetch)
        verifier = TokenVerifier(jwks, ISSUER, "internal")
        token, good = revoked.token(), other.token()
        assert verifier.verify(token)["sub"] == verifier.verify(good)["sub"] == "x"
        auth.signers = [other]
        age(jwks, TRUSTED_SECONDS)
        with pytest.raises(Unauthorized):
            verifier.verify(token)
        assert verifier.verify(good)["sub"] == "x"

    def test_within_two_minutes_keys_are_renewed_beside_the_call(self) -> None:
        revoked, other = Signer("k1"), Signer("k2")
        auth = Publisher(revoked, other)
        jwks = JwksClient(auth.fetch)
        verifier = TokenVerifier(jwks, ISSUER, "internal")
        token = revoked.token()
        verifier.verify(token)
        auth.signers = [other]
        age(jwks, REFRESH_SECONDS)
        with suppress(Unauthorized):  # the renewal may be done before it
            verifier.verify(token)
        eventually(lambda: "k1" not in jwks._keys)
        with pytest.raises(Unauthorized):
            verifier.verify(token)

    def test_with_auth_down_keys_go_on_being_used(self) -> None:
        signer = Signer("k1")
        auth = Publisher(signer)
        jwks = JwksClient(auth.fetch)
        verifier = TokenVerifier(jwks, ISSUER, "internal")
        verifier.verify(signer.token())
        auth.is_down = True
        for _ in range(5):
            age(jwks, TRUSTED_SECONDS)
            verifier.verify(signer.token())
        asked = auth.asked
        verifier.verify(signer.token())
        assert auth.asked == asked == 6
