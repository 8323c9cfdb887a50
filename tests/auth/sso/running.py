"""Starts the OpenID provider of `openid_provider.py`, and tells it what to do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

SECRET = "a secret of the client, with spaces & signs: %"
SCRIPT = Path(__file__).with_name("openid_provider.py")


class OpenIdProvider:
    """A running provider, and how a test tells it what to do."""

    def __init__(self, process: "subprocess.Popen[str]", issuer: str) -> None:
        self.process = process
        self.issuer = issuer

    def know(self, client_id: str, redirect_uri: str) -> None:
        """Register a client."""
        sent = {"client_id": client_id, "secret": SECRET, "redirect_uri": redirect_uri}
        requests.put(f"{self.issuer}/test/clients", json=sent, timeout=5).raise_for_status()

    def seat(self, person: dict[str, Any] | None = None, **more: Any) -> None:
        """Put a person at the keyboard; all else as it should be, but for `more`."""
        sent = {"person": person or {}} | more
        requests.put(f"{self.issuer}/test/state", json=sent, timeout=5).raise_for_status()

    def rotate(self) -> None:
        requests.put(f"{self.issuer}/test/new-key", timeout=5).raise_for_status()

    def seen(self) -> list[str]:
        return list(requests.get(f"{self.issuer}/test/seen", timeout=5).json())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running_provider(address: str = "127.0.0.1") -> Iterator[OpenIdProvider]:
    command = [sys.executable, "-W", "ignore", str(SCRIPT), address]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        provider = OpenIdProvider(process, process.stdout.readline().strip())
        try:
            yield provider
        finally:
            provider.stop()
