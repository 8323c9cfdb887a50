"""Installs what versions.toml lists and is not there yet.

    python -m tests.clients.install

Nothing outside of .tollgate/clients is touched, and no lock file is written: a folder is made anew
when its line in versions.toml has changed. Node.js comes from PyPI with the rest, so that the
machine needs none.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import uv

from tests.clients import folders

VERSIONS = Path(__file__).with_name("versions.toml")
SECONDS = 600
NPM = ("install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")

Installer = Callable[[Path, list[str]], None]


class CannotInstall(Exception):
    """Said to the user as it is."""


def install_all() -> None:
    versions = tomllib.loads(VERSIONS.read_text())
    for name, packages in versions["python"].items():
        install(name, packages, with_uv)
    for name, packages in versions["npm"].items():
        install(name, packages, with_npm)


def install(name: str, packages: list[str], installer: Installer) -> None:
    folder = folders.folder(name)
    mark, wanted = folder / ".installed", "\n".join(packages)
    if mark.exists() and mark.read_text() == wanted:
        return
    print(f"Installing {', '.join(packages)}", flush=True)  # noqa: T201 # speaks to its user
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    installer(folder, packages)
    mark.write_text(wanted)


def with_uv(folder: Path, packages: list[str]) -> None:
    program = uv.find_uv_bin()
    run([program, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)])
    python = str(folder / "bin" / "python")
    run([program, "pip", "install", "--quiet", "--python", python, *packages])


def with_npm(folder: Path, packages: list[str]) -> None:
    (folder / "package.json").write_text('{"private": true}\n')
    environment = {**os.environ, "PATH": folders.search_path()}
    run([*folders.npm(), *NPM, "--prefix", str(folder), *packages], environment)


def run(words: list[str], environment: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(words, env=environment, check=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotInstall(
            f"This could not be installed: {error}\n"
            "It needs PyPI and npm's registry, and a system that Node.js is published for."
        ) from None


if __name__ == "__main__":
    try:
        install_all()
    except CannotInstall as error:
        sys.exit(str(error))
