"""In test mode nobody changes what live calls go by."""

from typing import Any

import pytest

from tests.llm.stand import Stand

CALLERS: list[dict[str, Any]] = [{}, {"key": None, "user": "sva_1"}]


@pytest.mark.parametrize("caller", CALLERS, ids=["key", "service account"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["providers/openai", "models/gpt-4o"])
def test_providers_and_models_are_not_changed(
    stand: Stand, org: str, caller: dict[str, Any], method: str, path: str
) -> None:
    bodies = {
        "providers/openai": {"kind": "openai", "base_url": "http://127.0.0.1:9", "api_key": "sk"},
        "models/gpt-4o": {"routes": [{"provider": "sandbox", "model": "sandbox"}]},
    }
    headers = stand.headers(org, mode="test", **caller)
    answer = stand.manage(method, f"/api/v1/{path}", org, headers=headers, json=bodies[path])
    assert (answer.status_code, answer.json()["code"]) == (403, "live_only")
    shown = stand.manage("GET", f"/api/v1/{path.split('/')[0]}", org, headers=headers)
    assert shown.status_code == 200
