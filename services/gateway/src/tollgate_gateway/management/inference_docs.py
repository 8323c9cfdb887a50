"""How the inference routes appear in the API document: the vendors' shapes, our extras."""

from typing import Any

from tollgate_common.multipart import FORM

_HEADERS: list[dict[str, Any]] = [
    {
        "name": "x-tollgate-tags",
        "in": "header",
        "description": "Labels stored with the ledger row: `team=blue,feature=search`. At most 16, "
        "each side at most 64 characters, in UTF-8 (or Latin-1, where it is no UTF-8).",
        "schema": {"type": "string"},
    },
    {
        "name": "x-tollgate-cache",
        "in": "header",
        "description": "`max-age=` and seconds: an answer to the same request is given again, and "
        "this one kept. `no-store`: neither. Else as the model is set up.",
        "schema": {"type": "string", "pattern": "^(no-store|max-age=[1-9][0-9]{0,6})$"},
    },
    {
        "name": "x-tollgate-drop-params",
        "in": "header",
        "description": "`true`: what the provider has no word for is left out, and listed in "
        "`x-tollgate-dropped-params`. `false`: it is refused. Else by the setting `unsupported` of "
        "the key, the model or the organisation.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    {
        "name": "x-tollgate-stream-cost",
        "in": "header",
        "description": "`comment`: a stream ends with the comment `: tollgate-cost-usd` and its "
        "cost in US dollars.",
        "schema": {"type": "string", "enum": ["comment"]},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same request with the same key within 24 hours is given the same "
        "answer again (`idempotent-replayed: true`) and billed once.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    {
        "name": "x-client-request-id",
        "in": "header",
        "description": "Your own id of the request, at most 128 printable ASCII characters; "
        "`x-request-id` is taken for it, too. It comes back, and is kept with the row as "
        "`client_request_id`; `x-request-id` of the answer is always ours.",
        "schema": {"type": "string", "pattern": "^[ -~]{1,128}$"},
    },
]
_ERRORS = {
    "400": "The request is wrong; the error names the field.",
    "401": "The key or token is missing, unknown, revoked or expired.",
    "404": "The model is unknown.",
    "409": "The `Idempotency-Key` is another request's, or its request still runs (Retry-After).",
    "413": "The body is over 32 MB.",
    "429": "A limit refuses; the error names it and says when it resets. `limit_too_small`: the "
    "request is more than the whole limit, so no wait helps. `too_many_attempts`: an unknown key, "
    "from an address that has sent many.",
    "503": "Something this call needs is down; Retry-After says when to come back.",
}


_JSON: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["model"],
            "properties": {"model": {"type": "string"}},
        }
    }
}
_ANY: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}


def _form(file: str) -> dict[str, Any]:
    properties = {"model": {"type": "string"}, file: {"type": "string", "format": "binary"}}
    schema = {"type": "object", "required": ["model", file], "properties": properties}
    return {FORM: {"schema": schema}}


def _call(summary: str, shape: str, content: dict[str, Any] = _JSON) -> dict[str, Any]:
    responses = {status: {"description": text} for status, text in _ERRORS.items()}
    if FORM in content:
        responses["415"] = {"description": f"The body is no {FORM}."}
    responses["200"] = {"description": f"{shape}'s own answer, or its stream of events."}
    return {
        "post": {
            "tags": ["inference"],
            "summary": summary,
            "description": f"The request is {shape}'s, passed on as it is.",
            "parameters": _HEADERS,
            "requestBody": {"required": True, "content": content},
            "responses": responses,
        }
    }


def _read(summary: str, *parameters: str) -> dict[str, Any]:
    return {
        "tags": ["inference"],
        "summary": summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in parameters
        ],
        "responses": {
            "200": {"description": "Found."},
            "401": {"description": _ERRORS["401"]},
            "404": {"description": "There is no such thing for this caller."},
        },
    }


_JOB_BODY = {
    "type": "object",
    "required": ["endpoint", "body"],
    "properties": {
        "endpoint": {"type": "string", "example": "/v1/chat/completions"},
        "body": {"type": "object", "description": "The call's own body."},
    },
}

INFERENCE_PATHS: dict[str, Any] = {
    "/v1/chat/completions": _call("Chat completion", "OpenAI"),
    "/v1/responses": _call("Response", "OpenAI"),
    "/v1/embeddings": _call("Embeddings", "OpenAI"),
    "/v1/completions": _call("Legacy completion", "OpenAI"),
    "/v1/moderations": _call("Moderation; costs nothing", "OpenAI", _ANY),
    "/v1/images/generations": _call("Images", "OpenAI"),
    "/v1/images/edits": _call("Images made of others", "OpenAI", _form("image")),
    "/v1/audio/speech": _call("Text to speech", "OpenAI"),
    "/v1/audio/transcriptions": _call("Speech to text", "OpenAI", _form("file")),
    "/v1/audio/translations": _call(
        "Speech in any language to English text", "OpenAI", _form("file")
    ),
    "/v1/messages": _call("Message", "Anthropic"),
    "/v1/messages/count_tokens": _call("Count the tokens of a message", "Anthropic"),
    "/v1/models": {"get": _read("The models you may use, in the shape of your SDK")},
    "/v1/models/{name}": {"get": _read("One model", "name")},
    "/v1/jobs": {
        "post": {
            "tags": ["inference"],
            "summary": "Queue an inference call",
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _JOB_BODY}},
            },
            "responses": {
                "202": {"description": "Queued; `Location` is where to ask for the result."},
                "400": {"description": _ERRORS["400"]},
                "401": {"description": _ERRORS["401"]},
                "403": {"description": "The key has no scope `inference`."},
                "429": {"description": "`queue_full`: the organisation has as many as it may."},
            },
        }
    },
    "/v1/jobs/{id}": {
        "get": _read("A queued call, with its result when it is done", "id"),
        "delete": _read("Cancel a queued call", "id"),
    },
}
