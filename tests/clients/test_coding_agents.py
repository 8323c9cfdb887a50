"""Claude Code and Codex: they call a tool, run it on this machine, and answer with what it said.

The sandbox fills a tool's arguments with the word `text`: a file and a command of that name are
there to be found.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import folders
from tests.clients.books import all_booked, booked, row_of, rows_of
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform

SAID = "said by a command on this machine"
WRITTEN = "written in a file on this machine"
CODEX_SETTINGS = """
model = "gpt-5.5"
model_provider = "tollgate"

[model_providers.tollgate]
name = "Tollgate"
base_url = "{url}/v1"
env_key = "TOLLGATE_API_KEY"
wire_api = "responses"
"""


@pytest.fixture
def project(desk: Desk) -> Path:
    """The folder that the agent works in; its command is found by a login shell too."""
    folder, programs = desk.home / "project", desk.home / "programs"
    folder.mkdir()
    programs.mkdir()
    (folder / "text").write_text(WRITTEN)
    command = programs / "text"
    command.write_text(f"#!/bin/sh\necho '{SAID}'\n")
    command.chmod(0o755)
    for profile in (".bash_profile", ".profile", ".zprofile"):
        (desk.home / profile).write_text(f"PATH='{programs}':$PATH\n")
    return folder


@pytest.fixture
def claude(platform: Platform, key: Key, desk: Desk, project: Path) -> Any:
    variables = {
        "ANTHROPIC_BASE_URL": platform.url,
        "ANTHROPIC_AUTH_TOKEN": key.secret,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "PATH": f"{desk.home / 'programs'}:{folders.search_path()}",
    }
    command = folders.npm_script("claude-code", "claude")
    words = [command, "--model", "claude-sonnet-5", "--output-format", "json", "--print"]
    return lambda *more: json.loads(desk.run(*words, *more, variables=variables, at=project))


@pytest.fixture
def codex(platform: Platform, key: Key, desk: Desk, project: Path) -> Any:
    settings = desk.home / ".codex"
    settings.mkdir()
    (settings / "config.toml").write_text(CODEX_SETTINGS.format(url=platform.url))
    words = [folders.npm_script("codex", "codex"), "exec", "--skip-git-repo-check", "--json"]
    # What it runs is ours, and its own sandbox cannot be set up inside of every other one.
    words += ["--sandbox", "danger-full-access"]
    variables = {"TOLLGATE_API_KEY": key.secret}

    def events(*more: str) -> list[Any]:
        said = desk.run(*words, *more, variables=variables, at=project)
        return [json.loads(line) for line in said.splitlines()]

    return events


def test_claude_code_answers(platform: Platform, key: Key, claude: Any) -> None:
    seen = claude("Hello, Tollgate!", "--tools", "")
    assert (seen["subtype"], seen["result"]) == ("success", "Hello, Tollgate!")
    row = row_of(platform, key)
    assert (row["endpoint"], row["model"], row["stream"]) == (
        "/v1/messages", "claude-sonnet-5", True,
    )  # fmt: skip
    assert booked(row) == (seen["usage"]["input_tokens"], seen["usage"]["output_tokens"])


@pytest.mark.parametrize(("tool", "result"), [("Read", WRITTEN), ("Bash", SAID)])
def test_claude_code_runs_its_tools(
    platform: Platform, key: Key, claude: Any, tool: str, result: str
) -> None:
    seen = claude("Do it", "--tools", tool, "--allowedTools", tool)
    assert seen["subtype"] == "success"
    assert result in seen["result"]
    used = (seen["usage"]["input_tokens"], seen["usage"]["output_tokens"])
    assert all_booked(rows_of(platform, key, 2)) == used


def test_codex_runs_a_command_and_answers_with_what_it_said(
    platform: Platform, key: Key, codex: Any
) -> None:
    events = codex("Do it")
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    [command] = [item for item in items if item["type"] == "command_execution"]
    [answer] = [item for item in items if item["type"] == "agent_message"]
    assert (command["exit_code"], command["aggregated_output"]) == (0, f"{SAID}\n")
    assert SAID in answer["text"]
    rows = rows_of(platform, key, 2)
    assert {row["endpoint"] for row in rows} == {"/v1/responses"}
    [done] = [event for event in events if event["type"] == "turn.completed"]
    assert all_booked(rows) == (done["usage"]["input_tokens"], done["usage"]["output_tokens"])
