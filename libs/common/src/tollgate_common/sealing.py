"""Secrets at rest: sealed with ENCRYPTION_KEY by AES-256-GCM.

What is sealed for one purpose does not open for another: the purpose ("signing-key:<kid>") is
authenticated with it, so that a sealed value copied to another row is refused.
"""

import base64
import binascii
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tollgate_common.settings import InvalidConfiguration

KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(ValueError):
    """Not sealed with this key, or not for this purpose, or altered since."""


class Sealer:
    """`key` is the text of ENCRYPTION_KEY."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(_decode(key))

    def seal(self, plain: bytes, purpose: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The plain bytes, or `SealBroken`."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, purpose.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(f"cannot open {purpose}: is ENCRYPTION_KEY the right one?") from None


def derived_key(key: str, purpose: str) -> bytes:
    """Return a secret of 32 bytes for a purpose of its own, made of the text of ENCRYPTION_KEY. It
    opens nothing that is sealed, and no other purpose's secret follows from it."""
    return hmac.digest(_decode(key), purpose.encode(), "sha256")


def _decode(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise InvalidConfiguration(
            "Configuration: ENCRYPTION_KEY must be 32 bytes in urlsafe base64 (44 characters)."
        )
    return raw
