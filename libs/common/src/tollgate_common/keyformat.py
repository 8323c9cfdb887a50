"""Our secrets as text: what it is, 32 random base62 characters, a checksum of six.

    tg_live_…  tg_test_…   API keys
    tg_client_…            secrets of service accounts

The checksum is CRC-32 of what stands before it, in base62: a mistyped or made-up key is told from
a real one without asking anyone, and a secret scanner knows a leaked one. It proves nothing else.
For scanners: `tg_(live|test|client)_[0-9A-Za-z]{38}`.
"""

import hashlib
import re
import secrets
import string
import zlib
from typing import Literal

Kind = Literal["live", "test", "client"]

RANDOM_CHARACTERS = 32
CHECKSUM_CHARACTERS = 6
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PATTERN = re.compile(r"tg_(?:live|test)_[0-9A-Za-z]{38}\Z")


def generate(kind: Kind) -> str:
    """A new key or secret, with 190 bits of randomness."""
    random = "".join(secrets.choice(_BASE62) for _ in range(RANDOM_CHARACTERS))
    body = f"tg_{kind}_{random}"
    return body + checksum(body)


def looks_valid(text: str) -> bool:
    """Whether the text has a key's form and its checksum fits. Any text may be asked about."""
    if not _PATTERN.match(text):
        return False
    return text[-CHECKSUM_CHARACTERS:] == checksum(text[:-CHECKSUM_CHARACTERS])


def hash_of(text: str) -> str:
    """SHA-256 of the whole key in hex: the only form in which a key is kept or sent about."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def checksum(body: str) -> str:
    """CRC-32 in base62, most significant first, padded with zeros."""
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        rest, digit = divmod(rest, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
