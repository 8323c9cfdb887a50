"""Where a client is run: a home folder of its own, and no variables but those it is given, so that
neither the settings nor the keys of whoever runs the tests come in."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients import folders

SECONDS = 120.0
SUITE_SECONDS = 280.0
PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Desk:
    home: Path

    def run(
        self, *words: str, variables: Mapping[str, str], given: str = "", at: Path | None = None,
    ) -> str:  # fmt: skip
        """What the client writes to its output. It must end well and in time.

        `variables` are its environment, `given` its input, `at` the folder it runs in.
        """
        process = self._started(words, variables, at)
        try:
            output, errors = process.communicate(given, SECONDS)
        finally:
            _end(process)
        assert process.returncode == 0, f"{words[0]} ended with {process.returncode}: {errors}"
        return output

    def attempt(self, *words: str, variables: Mapping[str, str]) -> tuple[int, str]:
        """The status that a suite of tests ends with, and what it writes."""
        process = self._started(words, variables, None)
        try:
            output, errors = process.communicate("", SUITE_SECONDS)
        finally:
            _end(process)
        return process.returncode, output + errors

    def _started(
        self, words: tuple[str, ...], variables: Mapping[str, str], at: Path | None
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            words,
            cwd=at or self.home,
            env=self._environment(variables),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def node(self, client: str, scenario: str, variables: Mapping[str, str]) -> Any:
        """What a scenario of `programs/<client>.mjs` has seen. Node resolves the imports of a
        program that it is given as input from the folder it runs in."""
        program = (PROGRAMS / f"{client}.mjs").read_text()
        words = ("node", "--input-type=module", "-", scenario)
        at = folders.folder(client)
        return json.loads(self.run(*words, variables=variables, given=program, at=at))

    def python(self, client: str, scenario: tuple[str, ...], variables: Mapping[str, str]) -> Any:
        """What a scenario of `programs/using_<client>.py` has seen."""
        program = PROGRAMS / f"using_{client.replace('-', '_')}.py"
        words = (folders.python(client), str(program), *scenario)
        return json.loads(self.run(*words, variables=variables))

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        own = {"HOME": str(self.home), "PATH": folders.search_path(), "LANG": "C.UTF-8"}
        return {**own, **variables}


def _end(process: "subprocess.Popen[str]") -> None:
    """Whatever of it is left."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
