"""The locks are those of today's pyproject files, hashed, and free of addresses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def test_no_lock_is_older_than_a_pyproject() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "requirements/lock.py"), "--check"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^[a-z0-9]\S*==\S+", text, re.MULTILINE)
    assert pins
    assert "://" not in text
    for block in re.split(r"^(?=[a-z0-9]\S*==)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block


def test_a_services_lock_is_a_part_of_the_workspaces() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / f"requirements/{name}.txt").read_text()
        return set(re.findall(r"^([a-z0-9]\S*==[^\s;]+)", text, re.MULTILINE))

    for service in ("auth", "gateway", "llm", "reports"):
        assert pins(service) <= pins("dev")
