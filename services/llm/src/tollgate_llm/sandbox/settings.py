"""What the sandbox can be told. Durations are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Built in `create_app`; tests shorten the durations."""

    served_log: Path = Path(".tollgate/served.jsonl")
    """The served log; its folder is made."""

    slow_first_byte: float = 2.0
    """How long `sandbox-slow` thinks before its first byte."""

    slow_chunk: float = 0.05
    """How long `sandbox-slow` waits before each further chunk of a stream."""

    timeout: float = 600.0
    """How long `sandbox-timeout` holds a request before it gives up with 504."""
