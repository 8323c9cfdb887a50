"""Records how many tokens published tokenisers make of sample texts, for tests without Node.js.

    python -m tests.clients.install
    python -m tests.contracts.record_token_counts

The samples are the same each time, so that the file changes only with them or with the tokeniser.
"""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tests.clients.desk import Desk
from tests.clients.install import VERSIONS
from tests.contracts import token_samples

RECORDED = Path(__file__).with_name("token_counts.json")
CLIENT = "gpt-tokenizer"
SEED, TEXTS, REQUESTS = 1, 250, 40


def count(texts: list[str], requests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts that Node.js makes: those of texts by encoding, and those of requests."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.json"
        asked.write_text(json.dumps({"texts": texts, "requests": requests}))
        counted: dict[str, Any] = Desk(Path(folder)).node(CLIENT, str(asked), {})
    return counted


def installed_version() -> str:
    """Return the tokeniser's name and version as npm has them."""
    [version] = tomllib.loads(VERSIONS.read_text())["npm"][CLIENT]
    return str(version)


def record() -> None:
    texts = token_samples.texts(SEED, TEXTS)
    requests = token_samples.chat_requests(SEED, REQUESTS)
    counted = count(texts, requests)
    made_by = {"tokenizer": installed_version(), "seed": SEED}
    recorded = {"made_by": made_by, "texts": texts, "requests": requests, "tokens": counted}
    RECORDED.write_text(json.dumps(recorded, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    record()
