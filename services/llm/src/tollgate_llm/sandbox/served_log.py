"""The served log: one JSON line per answered model call, in a file that several workers share."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from tollgate_llm.sandbox.bills import INPUTS, OUTPUTS, Bill, bill_of, tokens_in

OK = 200
_PLAIN = re.compile(r"[\w.:-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """A model call that is being answered, as the log names it. No prompt, no credential."""

    client_request_id: str | None
    endpoint: str
    model: str
    stream: bool
    input_tokens: int
    bill: Bill | None = None
    """What the whole answer is billed; None where that is what was read and made as text."""


class ServedLog:
    """Appends with one `write` on an O_APPEND descriptor, so that lines never mix."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    @cached_property
    def _descriptor(self) -> int:
        """Opened at the first line, hence in the worker that writes it. Nobody else reads it."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with contextlib.suppress(PermissionError):  # a file that is there may be another's
            os.fchmod(descriptor, 0o600)
        return descriptor

    def write(self, call: Call, *, status: int, output_tokens: int, complete: bool = True) -> None:
        """`complete` is false when the answer broke off, whoever broke it off: what is billed of
        it nobody says then."""
        read, billed = call.input_tokens, None
        if complete and status == OK:
            bill = call.bill
            if bill is None:
                bill = bill_of(call.model, input=read, output=output_tokens)
            read, output_tokens = tokens_in(bill, INPUTS), tokens_in(bill, OUTPUTS)
            billed = [quantity.line() for quantity in bill]
        line = {
            "client_request_id": call.client_request_id,
            "endpoint": call.endpoint,
            "model": call.model,
            "stream": call.stream,
            "status": status,
            "input_tokens": read,
            "output_tokens": output_tokens,
            "billed": billed,
            "complete": complete,
            "at": _now(),
        }
        os.write(self._descriptor, msgspec.json.encode(line) + b"\n")

    def read(
        self, *, client_request_id: str | None = None, since: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Lines in the order of writing; `since` an RFC 3339 time, inclusive, or ValueError."""
        start = datetime.fromisoformat(since) if since else None
        if start and start.tzinfo is None:
            raise ValueError(since)
        for line in self._lines(client_request_id):
            if client_request_id not in (None, line["client_request_id"]):
                continue
            if start is None or datetime.fromisoformat(line["at"]) >= start:
                yield line

    def _lines(self, needle: str | None) -> Iterator[dict[str, Any]]:
        """Decodes only lines that can match: the file of a load test is long."""
        wanted = needle.encode() if needle and _PLAIN.fullmatch(needle) else b""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            yield from (msgspec.json.decode(line) for line in lines if wanted in line)

    def check(self) -> None:
        """Raise OSError when nothing can be written."""
        os.fstat(self._descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
