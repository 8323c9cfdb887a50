"""Which session a call belongs to."""

import json
from typing import Any

import pytest

from tollgate_common.guard import Caller
from tollgate_llm.routing.affinity_keys import affinity_key_of

CALLER = Caller("o", "key", "live", frozenset(), project="p", user="u")
ID = "54c1eb09-bc4c-4d2f-98eb-6d2ab2d5e2fe"
NEW = json.dumps({"device_id": "d", "account_uuid": "", "session_id": ID})


def key(
    cache_key: Any = None, metadata: Any = None, caller: Caller = CALLER, **headers: str
) -> str | None:
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return affinity_key_of(caller, environ, cache_key, metadata)


@pytest.mark.parametrize(
    "told",
    [
        {"cache_key": ID},
        {"cache_key": ID, "session_id": "other", "metadata": {"user_id": NEW}},
        {"x_claude_code_session_id": ID, "session_id": "other"},
        {"thread_id": ID, "session_id": "other"},
        {"session_id": ID},
        {"conversation_id": ID},
        {"metadata": {"user_id": NEW}},
        {"metadata": {"user_id": f"user_ab12_account__session_{ID}"}},
    ],
)
def test_every_client_is_understood(told: dict[str, Any]) -> None:
    assert key(**told) == f"o\0p\0{ID}"


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"cache_key": ""},
        {"cache_key": 5},
        {"cache_key": ["a"]},
        {"metadata": "a"},
        {"metadata": {}},
        {"metadata": {"user_id": None}},
        {"metadata": {"user_id": "somebody"}},
        {"metadata": {"user_id": '{"session_id":5}'}},
        {"metadata": {"user_id": "{" * 100_000}},
        {"metadata": {"user_id": "{\ud83d"}},
        {"metadata": {"user_id": '{"session_id":""}'}},
        {"metadata": {"user_id": "user_a_session_"}},
    ],
)
def test_what_names_no_session_is_none(told: dict[str, Any]) -> None:
    assert key(**told) is None


def test_a_session_is_its_projects_own() -> None:
    others = [
        Caller("o", "key", "live", frozenset(), project="q"),
        Caller("n", "key", "live", frozenset(), project="p"),
        Caller("o", "user", "live", frozenset(), user="u"),
    ]
    assert len({key(ID, caller=caller) for caller in (CALLER, *others)}) == 4
