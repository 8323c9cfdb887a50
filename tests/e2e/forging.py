"""Tokens as forgers make them, from one that is real."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FOREIGN = Ed25519PrivateKey.generate()
RSA = generate_private_key(65537, 2048)
DEEP = "[" * 2500

Sign = Callable[[bytes], bytes]


def encoded(part: object) -> str:
    """Base64url of bytes, or of a value as JSON."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def token(header: object, claims: object, sign: Sign) -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(sign(signed.encode()))}"


def hs256(secret: bytes) -> Sign:
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


class Original(NamedTuple):
    """A real access token, taken apart, and `x`, the public key that verifies it (RFC 8037)."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]
    x: str

    @classmethod
    def of(cls, text: str, url: str) -> "Original":
        header, claims = (decoded(part) for part in text.split(".")[:2])
        published = requests.get(f"{url}/.well-known/jwks.json", timeout=10).json()["keys"]
        x = next(key["x"] for key in published if key["kid"] == header["kid"])
        return cls(text, header, claims, x)

    @property
    def signature(self) -> str:
        return self.text.rpartition(".")[2]

    def public(self, encoding: Encoding, form: PublicFormat) -> bytes:
        raw = base64.urlsafe_b64decode(self.x + "==")
        return Ed25519PublicKey.from_public_bytes(raw).public_bytes(encoding, form)

    def unsigned(self, algorithm: str) -> str:
        return token(self.header | {"alg": algorithm}, self.claims, lambda _: b"")

    def by_secret(self, secret: bytes, **header: Any) -> str:
        """HS256, with what is public as the secret."""
        return token(self.header | {"alg": "HS256"} | header, self.claims, hs256(secret))

    def by_stranger(self, **header: Any) -> str:
        return token(self.header | header, self.claims, FOREIGN.sign)

    def without_kid(self, **header: Any) -> str:
        left = {name: value for name, value in self.header.items() if name != "kid"}
        return token(left | header, self.claims, FOREIGN.sign)

    def altered(self, **claims: Any) -> str:
        """With the signature of what was there before."""
        altered = encoded(self.claims | claims)
        return f"{encoded(self.header)}.{altered}.{self.signature}"


KIDS: list[Any] = [
    "../../dev/null", "/dev/null", "' UNION SELECT 'x", "x'; DROP TABLE auth.signing_keys; --",
    "sig_" + "0" * 32, "", "\0", "x" * 2000, [], ["sig"], {"a": 1}, 7, 1.5, True, None,
]  # fmt: skip

JWK = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "ours",
       "x": encoded(FOREIGN.public_key().public_bytes_raw())}  # fmt: skip

FORGERIES: dict[str, Callable[[Original], str]] = {
    **{f"alg {alg!r}": lambda real, alg=alg: real.unsigned(alg)  # type: ignore[misc]
       for alg in ("none", "None", "nOnE", "NONE", "")},
    "alg none, the signature kept": lambda real: (
        f"{encoded(real.header | {'alg': 'none'})}.{real.text.split('.', 1)[1]}"
    ),
    "HS256 by the raw public key": lambda real: real.by_secret(
        real.public(Encoding.Raw, PublicFormat.Raw)
    ),
    "HS256 by its PEM": lambda real: real.by_secret(
        real.public(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "HS256 by its JWK's x": lambda real: real.by_secret(real.x.encode()),
    "RS256": lambda real: jwt.encode(
        real.claims, RSA, "RS256", headers={"kid": real.header["kid"]}
    ),
    "another key, our kid": lambda real: real.by_stranger(),
    "its key in the header": lambda real: real.by_stranger(jwk=JWK),
    "its key in the header, by that kid": lambda real: real.by_stranger(jwk=JWK, kid="ours"),
    "its certificate in the header": lambda real: real.by_stranger(x5c=["MIIB"]),
    **{f"kid {str(kid)[:20]!r}": lambda real, kid=kid: real.by_stranger(kid=kid)  # type: ignore[misc]
       for kid in KIDS},
    "kid of an empty file": lambda real: real.by_secret(b"", kid="../../dev/null"),
    "kid that selects": lambda real: real.by_secret(b"x", kid="' UNION SELECT 'x"),
    "no kid": lambda real: real.without_kid(),
    "no kid, its key in the header": lambda real: real.without_kid(jwk=JWK),
    "more scopes": lambda real: real.altered(scope="*", role="owner"),
    "another session": lambda real: real.altered(sid="ses_" + "0" * 32),
    "a later end": lambda real: real.altered(exp=2**40),
    "no signature": lambda real: real.text.rpartition(".")[0] + ".",
    "half a signature": lambda real: real.text[:-43],
    "a header too deep": lambda _: f"{encoded(DEEP.encode())}.e30.AAAA",
    "claims too deep": lambda real: f"{encoded(real.header)}.{encoded(DEEP.encode())}.AAAA",
    "a header that is a list": lambda real: token([], real.claims, FOREIGN.sign),
    "claims that are a list": lambda real: token(real.header, [], FOREIGN.sign),
    "no JSON": lambda _: "a.b.c",
    "nothing but dots": lambda _: "..",
    "five parts": lambda real: f"{real.text}.AAAA.AAAA",
}  # fmt: skip
