"""Simon Willison's `llm`, on the command line."""

from typing import Any

import pytest

from tests.clients import folders
from tests.clients.books import all_booked, booked, row_of, rows_of
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform


@pytest.fixture
def llm(variables: dict[str, str], desk: Desk) -> Any:
    command = folders.script("llm", "llm")
    settings = {**variables, "LLM_USER_PATH": str(desk.home / "llm")}
    return lambda *words: desk.run(command, *words, variables=settings)


@pytest.mark.parametrize(
    ("model", "endpoint"),
    [
        ("gpt-4o-mini", "/v1/chat/completions"),
        ("gpt-5-mini", "/v1/responses"),
        ("claude-sonnet-4.5", "/v1/messages"),
    ],
)
def test_a_prompt_is_answered(
    platform: Platform, key: Key, llm: Any, model: str, endpoint: str
) -> None:
    assert llm("-m", model, "Hello, Tollgate!") == "Hello, Tollgate!\n"
    row = row_of(platform, key)
    assert (row["endpoint"], row["stream"]) == (endpoint, True)
    assert row["output_tokens"] == 4


def test_a_tool_is_run_and_its_result_comes_back(platform: Platform, key: Key, llm: Any) -> None:
    version = llm("--version").split()[-1]
    assert llm("-m", "gpt-4o-mini", "-T", "llm_version", "--no-stream", "Which?") == f"{version}\n"
    assert all_booked(rows_of(platform, key, 2)) > (0, 0)


def test_an_answer_has_the_shape_asked_for(platform: Platform, key: Key, llm: Any) -> None:
    said = llm("-m", "gpt-4o-mini", "--schema", "city,celsius int", "--no-stream", "Weather")
    assert said == '{"city":"text","celsius":0}\n'
    assert booked(row_of(platform, key)) > (0, 0)


def test_a_model_of_its_own_may_be_configured(
    platform: Platform, key: Key, llm: Any, desk: Desk
) -> None:
    llm("keys", "set", "tollgate", "--value", key.secret)
    (desk.home / "llm" / "extra-openai-models.yaml").write_text(
        "- model_id: sandbox\n"
        "  model_name: sandbox\n"
        f"  api_base: {platform.url}/v1\n"
        "  api_key_name: tollgate\n"
    )
    assert llm("-m", "sandbox", "Hello, Tollgate!") == "Hello, Tollgate!\n"
    assert row_of(platform, key)["model"] == "sandbox"
