"""What `make up` says when everything is ready."""

import json
import shlex
import shutil
from pathlib import Path

from deploy.local.console import Console
from deploy.local.stack import Stack

TEXT = """\

{ready} ({seconds:.1f} s)

  Gateway    {gateway}
  API docs   {gateway}/docs
  Sandbox    {sandbox}
  Admin      {email}
  Password   in {credentials}, with the test key
  Logs       {logs}  (make logs)

Paste this into another terminal. The key is a test key: the sandbox answers, nothing is paid.

  {line}

Ctrl-C here, or `make down` elsewhere, stops everything. The data stays.
"""

BODY = {"model": "sandbox", "messages": [{"role": "user", "content": "Hello, Tollgate!"}]}

PYTHON = (
    "import sys, urllib.request as r; u, k, b = sys.argv[1:];"
    " print(r.urlopen(r.Request(u, b.encode(), {'authorization': 'Bearer ' + k,"
    " 'content-type': 'application/json'})).read().decode())"
)


def banner(stack: Stack, console: Console, seconds: float) -> str:
    credentials = stack.credentials
    return TEXT.format(
        ready=console.bold("Tollgate is ready"),
        seconds=seconds,
        gateway=stack.url("gateway"),
        sandbox=stack.url("sandbox"),
        email=credentials["TOLLGATE_ADMIN_EMAIL"],
        credentials=near(stack.credentials_file),
        logs=near(stack.layout.logs),
        line=console.bold(first_call(stack.url("gateway"), credentials["TOLLGATE_API_KEY"])),
    )


def first_call(gateway: str, key: str) -> str:
    """A shell line that makes a chat completion; with Python where there is no curl."""
    url, body = f"{gateway}/v1/chat/completions", json.dumps(BODY)
    if not shutil.which("curl"):
        return shlex.join(["python3", "-c", PYTHON, url, key, body])
    headers = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
    return shlex.join(["curl", "-sS", url, *headers, "-d", body])


def near(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
