"""`GET /providers` and `GET /models`: pages and filters."""

from typing import Any

import pytest

from tests.llm.stand import Stand

OLLAMA = {"kind": "openai", "base_url": "http://127.0.0.1:11434/v1"}


def listed(stand: Stand, org: str, path: str, **query: Any) -> list[str]:
    """The names of all rows that the filters leave, two a page."""
    names: list[str] = []
    following: str | None = ""
    while following is not None:
        cursor = {"cursor": following} if following else {}
        answer = stand.manage("GET", f"/api/v1/{path}", org, params={"limit": 2, **query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        names += [row["name"] for row in page["data"]]
        following = page["next_cursor"]
    return names


@pytest.fixture
def set_up(stand: Stand, org: str) -> None:
    """A provider with a credential, one without, and two models."""
    for name, more in (("local", {}), ("keyed", {"api_key": "secret"})):
        answer = stand.manage("PUT", f"/api/v1/providers/{name}", org, json=OLLAMA | more)
        assert answer.status_code == 200, answer.text
    for name, strategy in (("team/fast", "weighted"), ("Über:groß", "fallback")):
        routes = [{"provider": "local" if strategy == "weighted" else "keyed", "model": "m"}]
        body = {"routes": routes, "strategy": strategy}
        answer = stand.manage("PUT", f"/api/v1/models/{name}", org, json=body)
        assert answer.status_code == 200, answer.text


def test_providers_are_filtered_page_by_page(stand: Stand, org: str, set_up: None) -> None:
    every = listed(stand, org, "providers")
    assert every == sorted(every)
    assert {"keyed", "local", "sandbox"} <= set(every)
    for query, found in (
        ({"source": "organisation"}, ["keyed", "local"]), ({"name": "local"}, ["local"]),
        ({"source": "organisation", "has_api_key": "true"}, ["keyed"]),
        ({"kind": "sandbox"}, ["sandbox"]), ({"name": "nobody"}, []),
    ):  # fmt: skip
        assert listed(stand, org, "providers", **query) == found, query


def test_models_are_filtered_page_by_page(stand: Stand, org: str, set_up: None) -> None:
    every = listed(stand, org, "models", limit=50)
    assert every[:2] == ["team/fast", "Über:groß"]
    assert len(every) == len(set(every)) > 2
    assert listed(stand, org, "models", limit=7) == every
    for query, found in (
        ({"source": "organisation"}, every[:2]), ({"name": "team/fast"}, ["team/fast"]),
        ({"provider": "keyed", "source": "organisation"}, ["Über:groß"]),
        ({"strategy": "weighted"}, ["team/fast"]),
        ({"provider": "nobody"}, []),
    ):  # fmt: skip
        assert listed(stand, org, "models", **query) == found, query
    assert listed(stand, org, "models", source="vendor", limit=50) == every[2:]


@pytest.mark.parametrize(
    ("path", "param"),
    [("providers?kind=abacus", "kind"), ("providers?has_api_key=maybe", "has_api_key"),
     ("models?strategy=hope", "strategy"), ("models?owner=me", "owner"),
     ("models?cursor=%00", "cursor"), ("models?cursor=_w==", "cursor"), ("models?limit=0", "limit"),
     ("models/gpt-4o-mini?verbose=1", "verbose"), ("jobs?state=queued", "state")],
)  # fmt: skip
def test_what_is_wrong_is_422_and_named(stand: Stand, org: str, path: str, param: str) -> None:
    answer = stand.manage("GET", f"/api/v1/{path}", org)
    assert (answer.status_code, answer.json()["param"]) == (422, param)
