"""The others, each as its own documentation starts it for use: installed once below
.tollgate/bench, the newest there is."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.local import ports
from tests.bench.processes import CannotMeasure, family, running, until_answers
from tests.bench.targets import STREAM, WHOLE, Target

HOME = Path(".tollgate/bench").absolute()
INSTALL_SECONDS = 300
UV = Path(".tollgate/bootstrap/bin/uv").absolute()

LITELLM = HOME / "litellm"
LITELLM_KEY = "sk-bench-master"
LITELLM_ASKS_NOBODY = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_LOG": "ERROR",
}  # fmt: skip

PORTKEY = HOME / "portkey"
PORTKEY_PACKAGE = PORTKEY / "node_modules" / "@portkey-ai" / "gateway"


class Peer(NamedTuple):
    """`install` raises CannotMeasure, and does nothing where it is installed."""

    name: str
    install: Callable[[], None]
    start: Callable[[str, Path, int], AbstractContextManager[Target]]


def _install_litellm() -> None:
    if (LITELLM / "bin" / "litellm").exists():
        return
    _run([sys.executable, "-m", "venv", "--without-pip", str(LITELLM)])
    _run([str(UV), "pip", "install", "--quiet", "--python", str(LITELLM), "litellm[proxy]"])


@contextmanager
def _litellm(upstream: str, folder: Path, core: int) -> Iterator[Target]:
    """One worker, a master key; no database, so nobody's limits or spend."""
    port = ports.free(["litellm"])["litellm"]
    (folder / "litellm.json").write_text(json.dumps(_litellm_configuration(upstream)))
    words = [str(LITELLM / "bin" / "litellm"), "--config", str(folder / "litellm.json"),
             "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]  # fmt: skip
    headers = {"Authorization": f"Bearer {LITELLM_KEY}"}
    with running(words, folder, core, LITELLM_ASKS_NOBODY) as process:
        url = f"http://127.0.0.1:{port}"
        until_answers(f"{url}/health/liveliness", process)
        yield Target(
            "LiteLLM", _litellm_version(), url, {WHOLE: headers, STREAM: headers},
            models={WHOLE: WHOLE, STREAM: STREAM}, processes=lambda: {"litellm": family(process)},
        )  # fmt: skip


def _litellm_configuration(upstream: str) -> dict[str, object]:
    bases = {WHOLE: f"{upstream}/v1", STREAM: f"{upstream}/stream/v1"}
    models = [
        {
            "model_name": kind,
            "litellm_params": {"model": "openai/gpt-4o-mini", "api_base": base, "api_key": "sk-b"},
        }
        for kind, base in bases.items()
    ]
    return {"model_list": models, "general_settings": {"master_key": LITELLM_KEY}}


def _litellm_version() -> str:
    say = "import importlib.metadata as m; print(m.version('litellm'))"
    words = [str(LITELLM / "bin" / "python"), "-c", say]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def _install_portkey() -> None:
    if not shutil.which("node"):
        raise CannotMeasure("There is no node on the PATH.")
    if PORTKEY_PACKAGE.exists():
        return
    PORTKEY.mkdir(parents=True, exist_ok=True)
    _run(["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(PORTKEY),
          "@portkey-ai/gateway"])  # fmt: skip


@contextmanager
def _portkey(upstream: str, folder: Path, core: int) -> Iterator[Target]:
    """Without keys or limits: in its free edition it has none."""
    port = ports.free(["portkey"])["portkey"]
    words = ["node", str(PORTKEY_PACKAGE / "build" / "start-server.js"), f"--port={port}",
             "--headless"]  # fmt: skip
    shared = {"Authorization": "Bearer sk-bench", "x-portkey-provider": "openai"}
    headers = {
        WHOLE: shared | {"x-portkey-custom-host": f"{upstream}/v1"},
        STREAM: shared | {"x-portkey-custom-host": f"{upstream}/stream/v1"},
    }
    version = json.loads((PORTKEY_PACKAGE / "package.json").read_text())["version"]
    with running(words, folder, core, {"NODE_ENV": "production"}) as process:
        url = f"http://127.0.0.1:{port}"
        until_answers(url, process)
        yield Target(
            "Portkey", version, url, headers, processes=lambda: {"portkey": family(process)}
        )


def _run(words: Sequence[str]) -> None:
    try:
        ran = subprocess.run(
            words, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotMeasure(f"It cannot be installed: {type(error).__name__}.") from None
    if ran.returncode:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"It cannot be installed: {' '.join(last)}")


PEERS = (
    Peer("LiteLLM", _install_litellm, _litellm),
    Peer("Portkey", _install_portkey, _portkey),
)
