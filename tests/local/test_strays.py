"""Processes that outlived their stack."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from deploy.local import strays

STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
)


def start(state: Path, code: str = STUBBORN) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {strays.MARK: str(state)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.readline()
    return process


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert strays.stop(tmp_path, grace=0.2) == 1
        assert not psutil.pid_exists(process.pid)


def test_those_of_another_folder_are_left_alone(tmp_path: Path) -> None:
    with start(tmp_path / "other") as process:
        assert strays.find(tmp_path) == []
        process.kill()


def test_the_children_of_one_belong_to_it(tmp_path: Path) -> None:
    child = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}], env={{}})"
    )
    with start(tmp_path, child) as process:
        found = {each.pid for each in strays.find(tmp_path)}
        assert process.pid in found
        assert len(found) == 2
        assert strays.stop(tmp_path, grace=0.2) == 2


def test_nothing_is_found_where_nothing_ran(tmp_path: Path) -> None:
    assert strays.stop(tmp_path) == 0
