"""After every shape of usage, and corrections of it, the books agree with the sandbox's own log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.chaos.commands import verified
from tests.e2e.platform import Key, Platform
from tests.e2e.stacks import own_platform
from tests.e2e.test_vendor_usage import CALLS
from tollgate_llm.sandbox.specials import Special

MODELS = [*(special.value for special in Special if special), "gpt-4o-mini", "claude-sonnet-5"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path) as (stack, platform):
        yield stack, platform


def adjusted(platform: Platform, row: dict[str, Any], **body: Any) -> dict[str, Any]:
    platform.made(f"/requests/{row['id']}/adjustments", {"reason": "invoice 7", **body})
    return platform.row(row["request_id"])


def embedding(platform: Platform, key: Key) -> str:
    with platform.openai(key.secret) as client:
        answer = client.embeddings.with_raw_response.create(
            model="text-embedding-3-small", input=["one two", "three"]
        )
        return str(answer.headers["x-request-id"])


def test_the_books_are_verified_after_every_shape_of_usage(own: tuple[Stack, Platform]) -> None:
    stack, platform = own
    key = platform.new_key()
    asked = [call(platform, key, model, stream) for model in MODELS for call, stream in CALLS]
    rows = [platform.row(request_id) for request_id in (*asked, embedding(platform, key))]
    first, second = rows[0], rows[-1]
    assert adjusted(platform, first, cost_usd="1")["adjusted_cost_usd"] == "1.000000000"
    bill = {"model": "m", "kind": "input", "quantity": 7, "unit_price_usd": "0.000001"}
    after = adjusted(platform, second, lines=[bill])
    assert (after["cost_usd"], after["adjusted_cost_usd"]) == (second["cost_usd"], "0.000007000")
    said = verified(stack)
    assert f"{len(rows) + 2} lines" in said
    assert f"{len(rows)} served" in said
