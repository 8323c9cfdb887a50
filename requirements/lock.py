"""Locks the workspace: `python requirements/lock.py` writes, `--check` only says whether it must.

One lock for the whole workspace (`dev.txt`), and each service's own subset of it, hashed, with no
download address in it. The first line of a lock carries the digest of every pyproject.toml it was
made from, so that a changed pyproject without a new lock is found without a network.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
SERVICES = ("auth", "gateway", "llm", "reports")
PROJECTS = ("tollgate-common", *(f"tollgate-{service}" for service in SERVICES))
COMPILE = (
    "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header",
)  # fmt: skip


def digest() -> str:
    """SHA-256 over what every pyproject.toml of the workspace says about dependencies."""
    files = [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/*/pyproject.toml"))]
    stated = [requirements_of(tomllib.loads(file.read_text())) for file in files]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def requirements_of(pyproject: dict[str, Any]) -> list[Any]:
    project = pyproject.get("project", {})
    names = ("requires-python", "dependencies", "optional-dependencies")
    return [*(project.get(name) for name in names), pyproject.get("dependency-groups")]


def lock(name: str, *arguments: str) -> None:
    """Write `requirements/<name>.txt` from what `uv pip compile` resolves.

    What is locked stays locked: uv keeps the versions of the file that it writes over. Upgrades
    are asked for by hand, with `--upgrade-package`.
    """
    omit = [word for project in PROJECTS for word in ("--no-emit-package", project)]
    uv = Path(sys.executable).with_name("uv")
    file = LOCKS / f"{name}.txt"
    command = [str(uv), *COMPILE, *omit, "--output-file", str(file), *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    file.write_text(f"# pyproject digest: {digest()}\n{file.read_text()}")


def stale() -> list[str]:
    """The locks that were not made from today's pyproject files."""
    header = f"# pyproject digest: {digest()}\n"
    locks = [LOCKS / f"{name}.txt" for name in ("dev", *SERVICES)]
    return [
        file.name for file in locks if not file.exists() or not file.read_text().startswith(header)
    ]


def main() -> int:
    if "--check" in sys.argv[1:]:
        if names := stale():
            sys.stderr.write(f"Older than a pyproject.toml: {', '.join(names)}. Run `make lock`.\n")
            return 1
        return 0
    lock("dev", "pyproject.toml", "--group", "dev")
    for service in SERVICES:
        lock(service, f"services/{service}/pyproject.toml", "--constraint", "requirements/dev.txt")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
