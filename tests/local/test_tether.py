"""Programs that must not outlive the process that started them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tollgate_common.embedded.process import TETHER, tethered

SLEEP = [sys.executable, "-S", "-c", "print(flush=True); import time; time.sleep(60)"]

# A parent that starts a tethered sleeper, says its process id, and waits to be killed.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""

# tether.py as it is on a system whose kernel tells nobody about a parent's death.
WITHOUT_KERNEL = f"""
import sys
sys.platform = "other"
sys.argv = sys.argv[1:]
exec(open({str(TETHER)!r}).read())
"""


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_gone(process: psutil.Process) -> None:
    deadline = time.monotonic() + 5
    while not gone(process):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)


@pytest.mark.parametrize("portable", [False, True])
def test_it_dies_when_its_parent_is_killed(portable: bool) -> None:
    command = tethered(SLEEP)
    if portable:
        command = [sys.executable, "-S", "-c", WITHOUT_KERNEL, *command[3:]]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *command], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        watchers = child.children()
        assert len(watchers) == int(portable)
        parent.kill()
        parent.wait()
        for process in [child, *watchers]:
            wait_gone(process)


def test_it_does_not_start_for_a_parent_that_is_gone() -> None:
    command = tethered(SLEEP, parent=os.getppid())
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert "is gone" in ended.stderr


def test_its_variables_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "environment.json"
    file.write_text(json.dumps({"SECRET": "a 'quoted' \"value\"\n"}))
    show = [sys.executable, "-c", "import os; print(repr(os.environ['SECRET']))"]
    ended = subprocess.run(tethered(show, env=file), capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == repr("a 'quoted' \"value\"\n")


def test_a_variable_that_a_program_must_not_have_is_taken_from_it(tmp_path: Path) -> None:
    file = tmp_path / "environment.json"
    file.write_text(json.dumps({"SECRET": None, "NEVER_SET": None}))
    show = [sys.executable, "-c", "import os; print(os.environ.get('SECRET'))"]
    environment = os.environ | {"SECRET": "of whoever started it"}
    ended = subprocess.run(
        tethered(show, env=file), capture_output=True, text=True, check=True, env=environment
    )
    assert ended.stdout.strip() == "None"


def test_the_program_takes_the_place_of_the_tether() -> None:
    with subprocess.Popen(tethered(SLEEP), stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert psutil.Process(process.pid).cmdline() == SLEEP
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM
