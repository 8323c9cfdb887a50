"""Credentials at rest: AES-256-GCM under ENCRYPTION_KEY, bound to the row they belong to."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tollgate_common.settings import InvalidConfiguration

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class Unreadable(Exception):
    """The secret was sealed under another key, or for another row."""


class Vault:
    """`encryption_key` is 32 bytes in urlsafe base64."""

    def __init__(self, encryption_key: str) -> None:
        try:
            key = base64.urlsafe_b64decode(encryption_key)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise InvalidConfiguration(
                "Configuration: ENCRYPTION_KEY must be 32 bytes in urlsafe base64."
            )
        self._cipher = AESGCM(key)

    def seal(self, secret: str, row: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION:
            raise Unreadable
        try:
            return self._cipher.decrypt(nonce, text, row.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unreadable from None
