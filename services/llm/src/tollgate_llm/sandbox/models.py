"""GET /v1/models and /v1/models/{id}, in either vendor's shape.

Every name is a model here; listed are those that do something of their own.
"""

from __future__ import annotations

import msgspec
from flask import Response, request

from tollgate_llm.sandbox import fakes, specials
from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.dialects import ANTHROPIC, JSON, dialect_of
from tollgate_llm.sandbox.specials import SECOND_MODEL
from tollgate_llm.sandbox.trouble import Trouble

_CREATED = 1793534400
_CREATED_AT = "2026-11-01T12:00:00Z"
NAMES = [*(trouble.value for trouble in Trouble), *fakes.NAMES, *specials.NAMES, SECOND_MODEL]


def list_models() -> Response:
    dialect = dialect_of(request)
    dialect.authenticate(request)
    if dialect is not ANTHROPIC:
        return _answer({"object": "list", "data": [_openai(name) for name in NAMES]})
    data = [_anthropic(name) for name in NAMES]
    return _answer({"data": data, "has_more": False, "first_id": NAMES[0], "last_id": NAMES[-1]})


def get_model(name: str) -> Response:
    dialect = dialect_of(request)
    dialect.authenticate(request)
    return _answer(_anthropic(name) if dialect is ANTHROPIC else _openai(name))


def _openai(name: str) -> Json:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "tollgate"}


def _anthropic(name: str) -> Json:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": _CREATED_AT,
        "lifecycle": "active",
    }


def _answer(payload: Json) -> Response:
    headers = dialect_of(request).headers()
    return Response(msgspec.json.encode(payload), mimetype=JSON, headers=headers)
