"""POST /v1/moderations: flags a text that speaks of killing, and nothing else. Free: no tokens."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response

from tollgate_llm.sandbox.asks import Ask, Json
from tollgate_llm.sandbox.calls import begin, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.validation import ParamsType

ENDPOINT = "/v1/moderations"
DEFAULT_MODEL = "omni-moderation-latest"
FLAGGED, WORD = "violence", "kill"
PARAMS = ParamsType("openai.types.moderation_create_params", "ModerationCreateParams",
                    filled=("input",))  # fmt: skip
_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


def moderate(delivery: Delivery) -> Response:
    body = checked_body(OPENAI, PARAMS)
    model = body.get("model") or DEFAULT_MODEL
    ask = Ask(model=model, stream=False, prompt="", input_tokens=0)
    call, _ = begin(ENDPOINT, ask, delivery)
    results = [_result(each) for each in _inputs(body["input"])]
    payload = {"id": f"modr-{uuid4().hex}", "model": model, "results": results}
    return delivery.whole(call, payload, OPENAI.headers(), 0)


def _inputs(given: Any) -> list[str]:
    """A text, texts, or the parts of one message."""
    if isinstance(given, str):
        return [given]
    if isinstance(given[0], str):
        return list(given)
    return [" ".join(part.get("text", "") for part in given)]


def _result(text: str) -> Json:
    flagged = {name: name == FLAGGED and WORD in text.lower() for name in _CATEGORIES}
    return {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {name: 0.9 if found else 0.0001 for name, found in flagged.items()},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
