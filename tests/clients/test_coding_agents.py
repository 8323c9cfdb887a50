"""Claude Code and Codex: they call a tool, run it on this machine, and answer with what it said,
relayed to a provider of their own vendor's dialect and translated to the other's. They send no
headers but their own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import folders
from tests.clients.books import all_booked, booked, rows_of
from tests.clients.desk import Desk
from tests.clients.places import WAYS, Place, place_of
from tests.e2e.platform import Platform

WRITTEN = "written in a file on this machine"
CODEX_SETTINGS = """
model = "{model}"
model_provider = "tollgate"

[model_providers.tollgate]
name = "Tollgate"
base_url = "{url}/v1"
env_key = "TOLLGATE_API_KEY"
wire_api = "responses"
"""


@pytest.fixture(params=WAYS)
def claude_place(request: pytest.FixtureRequest, platform: Platform) -> Iterator[Place]:
    with place_of(platform, "anthropic", request.param) as place:
        yield place


@pytest.fixture(params=WAYS)
def codex_place(request: pytest.FixtureRequest, platform: Platform) -> Iterator[Place]:
    with place_of(platform, "openai", request.param) as place:
        yield place


@pytest.fixture
def project(desk: Desk) -> Path:
    """The folder that the agent works in."""
    folder = desk.home / "project"
    folder.mkdir()
    (folder / "notes.txt").write_text(WRITTEN)
    return folder


@pytest.fixture
def claude(claude_place: Place, desk: Desk, project: Path) -> Any:
    variables = {
        "ANTHROPIC_BASE_URL": claude_place.url,
        "ANTHROPIC_AUTH_TOKEN": claude_place.key.secret,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    command = folders.npm_script("claude-code", "claude")
    words = [command, "--model", claude_place.model, "--output-format", "json", "--print"]
    return lambda *more: json.loads(desk.run(*words, *more, variables=variables, at=project))


@pytest.fixture
def codex(codex_place: Place, desk: Desk, project: Path) -> Any:
    settings = desk.home / ".codex"
    settings.mkdir()
    (settings / "config.toml").write_text(
        CODEX_SETTINGS.format(url=codex_place.url, model=codex_place.model)
    )
    words = [folders.npm_script("codex", "codex"), "exec", "--skip-git-repo-check", "--json"]
    # What it runs is ours, and its own sandbox cannot be set up inside of every other one.
    words += ["--sandbox", "danger-full-access"]
    variables = {"TOLLGATE_API_KEY": codex_place.key.secret}

    def events(*more: str) -> list[Any]:
        said = desk.run(*words, *more, variables=variables, at=project)
        return [json.loads(line) for line in said.splitlines()]

    return events


def test_claude_code_answers(platform: Platform, claude_place: Place, claude: Any) -> None:
    seen = claude("Hello, Tollgate!", "--tools", "")
    assert (seen["subtype"], seen["result"]) == ("success", "Hello, Tollgate!")
    [row] = rows_of(platform, claude_place.key, 1, claude_place.mode)
    assert (row["endpoint"], row["model"], row["stream"]) == (
        "/v1/messages", claude_place.model, True,
    )  # fmt: skip
    used = (seen["usage"]["input_tokens"], seen["usage"]["output_tokens"])
    assert booked(row, claude_place.mode) == used


@pytest.mark.parametrize(
    ("tool", "task"), [("Read", "Read `notes.txt`"), ("Bash", "Run `cat notes.txt`")]
)
def test_claude_code_runs_its_tools(
    platform: Platform, claude_place: Place, claude: Any, tool: str, task: str
) -> None:
    seen = claude(task, "--tools", tool, "--allowedTools", tool)
    assert seen["subtype"] == "success"
    assert WRITTEN in seen["result"]
    used = (seen["usage"]["input_tokens"], seen["usage"]["output_tokens"])
    mode = claude_place.mode
    assert all_booked(rows_of(platform, claude_place.key, 2, mode), mode) == used


def test_codex_runs_a_command_and_answers_with_what_it_said(
    platform: Platform, codex_place: Place, codex: Any
) -> None:
    events = codex("Run `cat notes.txt`")
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    [command] = [item for item in items if item["type"] == "command_execution"]
    [answer] = [item for item in items if item["type"] == "agent_message"]
    assert (command["exit_code"], command["aggregated_output"]) == (0, WRITTEN)
    assert WRITTEN in answer["text"]
    rows = rows_of(platform, codex_place.key, 2, codex_place.mode)
    assert {row["endpoint"] for row in rows} == {"/v1/responses"}
    [done] = [event for event in events if event["type"] == "turn.completed"]
    used = (done["usage"]["input_tokens"], done["usage"]["output_tokens"])
    assert all_booked(rows, codex_place.mode) == used
