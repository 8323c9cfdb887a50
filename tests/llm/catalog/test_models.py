"""An organisation's models, whatever the case of the name that they are called by."""

from typing import Any

import pytest

from tests.llm.stand import Stand
from tollgate_llm.pricing import maxima

BODY: dict[str, Any] = {"routes": [{"provider": "sandbox", "model": "sandbox", "weight": 1}]}
SPELLINGS = ("Our-Model", "our-model", "OUR-MODEL")


def put(stand: Stand, org: str, name: str, **more: Any) -> dict[str, Any]:
    answer = stand.manage("PUT", f"/api/v1/models/{name}", org, json={**BODY, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(stand: Stand, org: str) -> list[str]:
    listed = stand.manage("GET", "/api/v1/models", org).json()["data"]
    return [model["name"] for model in listed if model["source"] == "organisation"]


def test_each_spelling_is_the_same_model(stand: Stand, org: str) -> None:
    for number, spelling in enumerate(SPELLINGS):
        made = put(stand, org, spelling, max_output_tokens=number + 1)
        assert (made["name"], made["max_output_tokens"]) == ("Our-Model", number + 1)
        for asked in SPELLINGS:
            assert stand.manage("GET", f"/api/v1/models/{asked}", org).json() | {
                "routes": made["routes"], "price": made["price"],
            } == made  # fmt: skip
    assert names(stand, org) == ["Our-Model"]


def test_each_spelling_removes_it(stand: Stand, org: str) -> None:
    put(stand, org, SPELLINGS[0])
    assert stand.manage("DELETE", f"/api/v1/models/{SPELLINGS[2]}", org).status_code == 204
    assert names(stand, org) == []
    assert stand.manage("DELETE", f"/api/v1/models/{SPELLINGS[0]}", org).status_code == 404


@pytest.mark.parametrize("spelling", ["gpt-4o", "GPT-4o"])
def test_what_is_set_up_under_a_vendors_name_holds_for_each_spelling(
    stand: Stand, org: str, spelling: str
) -> None:
    put(stand, org, "gpt-4o", max_input_tokens=77)
    headers = stand.headers(org, mode="live")
    facts = stand.session.get(f"{stand.url}/internal/v1/models/{spelling}", headers=headers)
    assert facts.json()["reads"]["stated"] == 77


@pytest.mark.parametrize("name", ["gpt-image-1", "gpt-4o-transcribe"])
def test_what_is_published_holds_for_each_spelling(name: str) -> None:
    assert maxima.published(name.upper()) == maxima.published(name) != maxima.NONE


@pytest.mark.parametrize("name", ["gpt-4o-mini", "o4-mini", "claude-sonnet-4-5", "gpt-5-nano"])
def test_a_picture_is_as_large_for_each_spelling(name: str) -> None:
    assert maxima.of_a_picture(name.upper()) == maxima.of_a_picture(name) is not None
