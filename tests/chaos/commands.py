"""The service's own commands, run as its processes are."""

import json
import os
import subprocess

from deploy.local.programs import console_script
from deploy.local.stack import Stack

SECONDS = 120


def verified(stack: Stack) -> str:
    """What `tollgate-reports verify` says at its end; it must have found nothing."""
    variables = json.loads((stack.layout.environments / "reports-worker.json").read_text())
    environment = {**os.environ, **variables}  # null: the process is not given it
    done = subprocess.run(
        console_script("reports", "verify", "--days", "1"),
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]
