"""What a web service's process is given before it serves."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tollgate_common.server import fresh_metrics_folder

PROGRAM = """
import resource
from tollgate_common.server import allow_connections
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
allow_connections()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most))
"""


def test_a_process_may_open_as_many_files_as_it_can_be_given() -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert found.stdout == "True\n", found.stderr


class TestMetricsFolder:
    @pytest.fixture(autouse=True)
    def shared(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A temporary directory that others write to as well."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        return tmp_path

    def test_its_name_is_nobodys_to_take(self, shared: Path) -> None:
        victim = shared / "victim"
        victim.mkdir()
        (victim / "file").touch()
        (shared / f"tollgate-metrics-{os.getuid()}-8080").symlink_to(victim)
        (shared / "tollgate-metrics-8080-999999999-taken").symlink_to(victim)
        folder = Path(fresh_metrics_folder(8080))
        assert folder.parent == shared
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.iterdir()) == []
        assert (victim / "file").exists()

    def test_those_of_processes_that_have_died_go(self, shared: Path) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            dead = shared / f"tollgate-metrics-8080-{process.pid}-x"
        others = [
            shared / f"tollgate-metrics-8080-{os.getppid()}-x",
            shared / f"tollgate-metrics-8081-{process.pid}-x",
        ]
        for folder in (dead, *others):
            folder.mkdir()
        first = Path(fresh_metrics_folder(8080))
        second = Path(fresh_metrics_folder(8080))
        assert not dead.exists()
        assert not first.exists()
        assert all(folder.exists() for folder in (second, *others))
