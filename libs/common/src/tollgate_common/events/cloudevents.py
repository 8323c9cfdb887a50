"""CloudEvents 1.0 in JSON, and the schemas of our own types.

A type's `data` is described by `schemas/<type>.v<n>.json`; `dataschema` carries that name. Fields
that a schema does not know are allowed: a newer sender may be ahead of us.
"""

import functools
import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema
import msgspec

from tollgate_common.ids import new_uuid

SCHEMA_VERSIONS = {
    "usage.recorded": 2, "key.changed": 1, "user.changed": 1, "change.recorded": 1,
    "limit.threshold": 1, "limit.exceeded": 1, "usage.unpriced": 1, "usage.capped": 1,
}  # fmt: skip


class MalformedEvent(ValueError):
    """Not a CloudEvent of a type and shape we know."""


def make_event(kind: str, source: str, data: dict[str, Any], subject: str | None = None) -> bytes:
    """A new event as JSON; its data checked against the schema of its type."""
    event = {
        "specversion": "1.0",
        "id": new_uuid(),
        "source": f"tollgate/{source}",
        "type": kind,
        "time": timestamp(),
        "datacontenttype": "application/json",
        "dataschema": schema_name(kind),
        "data": data,
    }
    if subject:
        event["subject"] = subject
    check_data(kind, data)
    return msgspec.json.encode(event)


def read_event(raw: bytes) -> dict[str, Any]:
    """The event, checked; `MalformedEvent` says what is wrong with it."""
    try:
        event = msgspec.json.decode(raw)
        kind, data = event["type"], event["data"]
        if event["specversion"] != "1.0" or not event["id"] or not event["source"]:
            raise MalformedEvent("not a CloudEvent 1.0")
    except (msgspec.DecodeError, UnicodeError, RecursionError, KeyError, TypeError) as error:
        raise MalformedEvent(f"not a CloudEvent 1.0: {type(error).__name__}") from None
    check_data(kind, data)
    return dict(event)


def check_data(kind: str, data: Any) -> None:
    if kind not in SCHEMA_VERSIONS:
        raise MalformedEvent(f"unknown type {kind!r}"[:100])
    problem = next(iter(_validator(kind).iter_errors(data)), None)
    if problem is not None:
        path = ".".join(str(part) for part in problem.absolute_path) or "data"
        raise MalformedEvent(f"{kind}: {path} fails `{problem.validator}`")


def schema_name(kind: str) -> str:
    return f"urn:tollgate:schema:{kind}:v{SCHEMA_VERSIONS[kind]}"


def timestamp(at: datetime | None = None) -> str:
    """RFC 3339 UTC with milliseconds."""
    moment = at.astimezone(UTC) if at else datetime.now(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


@functools.cache
def _validator(kind: str) -> Any:
    name = f"{kind}.v{SCHEMA_VERSIONS[kind]}.json"
    schema = json.loads(resources.files(__package__).joinpath("schemas", name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
