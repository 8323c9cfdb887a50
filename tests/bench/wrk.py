"""The load: wrk, told what to send by a script, and read back by its own figures."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.bench.processes import CannotMeasure, on

SCRIPT = """\
wrk.method = "POST"
wrk.body = {body}
{headers}
function done(summary, latency)
  local bad = summary.errors
  io.write(string.format(
    '\\nFIGURES {{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"refused":%d,"broken":%d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, bad.status, bad.connect + bad.read + bad.write + bad.timeout))
end
"""


class Ask(NamedTuple):
    """One request, to be made again and again."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Load(NamedTuple):
    """`p50` and `p99` in milliseconds, of whole answers."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def load(wrk: str, ask: Ask, connections: int, seconds: float, folder: Path, core: int) -> Load:
    """Raises CannotMeasure where an answer was an error: its speed says nothing."""
    script = folder / "wrk.lua"
    script.write_text(_script(ask))
    words = [
        wrk, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "20s", "--latency",
        "-s", str(script), ask.url,
    ]  # fmt: skip
    with on(core):
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
    found = ran.stdout.partition("FIGURES ")[2]
    if not found:
        raise CannotMeasure(f"wrk failed: {ran.stderr.strip() or ran.stdout.strip()}")
    figures = Load(**json.loads(found.splitlines()[0]))
    if figures.refused or figures.broken:
        raise CannotMeasure(
            f"of {figures.requests} answers {figures.refused} were errors, and"
            f" {figures.broken} connections broke"
        )
    return figures


def _script(ask: Ask) -> str:
    headers = {"Content-Type": "application/json", **ask.headers}
    lines = [f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()]
    return SCRIPT.format(body=_lua(ask.body.decode()), headers="\n".join(lines))


def _lua(text: str) -> str:
    """A string of Lua: ours hold nothing but printable ASCII, of which these two have a meaning."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
