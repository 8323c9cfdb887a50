"""Answers that are compressed, although every provider is asked for `identity`.

Usage is read from answers, and the caller has asked this hop for no encoding, so that both get the
decompressed body. Encodings other than gzip and deflate pass as they came.
"""

import zlib
from collections.abc import Iterator

from tollgate_common.relay import RelayAnswer, RelayFailed

_ANY_HEADER = 32 + zlib.MAX_WBITS
_UNPACKED = {"gzip", "x-gzip", "deflate"}
_OF_THE_ENCODING = {"content-encoding", "content-length", "etag", "content-md5"}
PIECE_BYTES = 1024 * 1024


class Unpacked:
    """A compressed answer, read decompressed. Raises `RelayFailed` where it cannot be."""

    def __init__(self, answer: RelayAnswer) -> None:
        self.status = answer.status
        self.headers = [
            (name, value) for name, value in answer.headers if name.lower() not in _OF_THE_ENCODING
        ]
        self._answer = answer

    def header(self, name: str) -> str | None:
        return None if name in _OF_THE_ENCODING else self._answer.header(name)

    def __iter__(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_ANY_HEADER)
        try:
            for data in self._answer:
                yield from _pieces(unpacker, data)
        except zlib.error:
            self.close()
            raise RelayFailed("its answer cannot be decompressed", sent=True) from None
        if not unpacker.eof:
            raise RelayFailed("its compressed answer breaks off", sent=True)

    def close(self) -> None:
        self._answer.close()


Received = RelayAnswer | Unpacked


def unpacked(answer: RelayAnswer) -> Received:
    """Return the answer, decompressed if its encoding is one that is known here."""
    encoding = (answer.header("content-encoding") or "").strip().lower()
    return Unpacked(answer) if encoding in _UNPACKED else answer


def _pieces(unpacker: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Yield a chunk decompressed, at most `PIECE_BYTES` at once: a few bytes can hold gigabytes."""
    while data and not unpacker.eof:
        if piece := unpacker.decompress(data, PIECE_BYTES):
            yield piece
        data = unpacker.unconsumed_tail
