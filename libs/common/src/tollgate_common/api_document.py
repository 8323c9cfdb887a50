"""A service's Swagger document, completed.

An endpoint documents what is its own. What follows from the way all of them are built is added
here, and said once: who is not let in, what cannot be read, what is not there, what is down.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Flask
from flask_restx.swagger import extract_path, parse_rule

from tollgate_common.errors import problem

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
PROBLEM = "Problem"
# Name and meaning of each answer that many operations share.
SHARED: Mapping[str, tuple[str, str]] = {
    "400": ("BadRequest", "The body is no JSON object."),
    "401": ("Unauthorized", "The key or token is missing, unknown, revoked or expired."),
    "403": ("Forbidden", "The caller may not do this, or not from this network."),
    "404": ("NotFound", "There is no such thing for this caller."),
    "413": ("TooLarge", "The body is over 32 MB."),
    "422": ("Invalid", "A field or parameter cannot be; `param` names it."),
    "429": (
        "TooMany",
        "Too many unknown keys from here; `Retry-After` says when to come back.",
    ),
    "503": ("Unavailable", "What this needs is down; `Retry-After` says when to come back."),
}

Document = dict[str, Any]


def complete(document: Document, patterns: Mapping[str, str]) -> Document:
    """The document with the shared answers, and the pattern of each parameter of `patterns`
    ("path name": what it looks like)."""
    return document | {
        "paths": {
            path: _item(path, item, patterns) for path, item in document.get("paths", {}).items()
        },
        "responses": {name: _problem(said) for name, said in SHARED.values()},
        "definitions": document.get("definitions", {}) | {PROBLEM: problem.SCHEMA},
    }


def path_patterns(app: Flask, prefix: str) -> dict[str, str]:
    """What the app's own converters let through, by "path name", of the routes below `prefix`."""
    own = set(app.url_map.converters) - set(app.url_map.default_converters)
    return {
        f"{extract_path(rule.rule).removeprefix(prefix)} {name}": (
            f"^{app.url_map.converters[converter].regex}$"
        )
        for rule in app.url_map.iter_rules()
        for converter, _, name in parse_rule(rule.rule)
        if converter in own
    }


def _item(path: str, item: Document, patterns: Mapping[str, str]) -> Document:
    shared = [
        parameter | {"pattern": pattern}
        if (pattern := patterns.get(f"{path} {parameter['name']}"))
        else parameter
        for parameter in item.get("parameters", [])
    ]
    operations = {
        method: _operation(f"{method} {path}", item[method], shared)
        for method in METHODS & item.keys()
    }
    return operations | ({"parameters": shared} if shared else {})


def _operation(label: str, operation: Document, shared: list[Document]) -> Document:
    parameters = shared + operation.get("parameters", [])
    secured = operation.get("security") != []
    common = {
        status: {"$ref": f"#/responses/{SHARED[status][0]}"}
        for status in _common({parameter["in"] for parameter in parameters}, secured)
    }
    own = {
        status: _problem(said["description"]) if status >= "400" else said
        for status, said in operation["responses"].items()
    }
    return operation | {
        "operationId": "_".join(re.findall(r"\w+", label)),
        "responses": dict(sorted((common | own).items())),
    }


def _common(places: Iterable[str], secured: bool) -> Iterator[str]:
    """The statuses that any operation may answer which takes something in these places."""
    if secured:
        yield from ("401", "403", "429")
    if "path" in places:
        yield "404"
    if "body" in places:
        yield from ("400", "413")
    yield "422"  # a parameter that is not known, at the least
    yield "503"


def _problem(said: str) -> Document:
    return {"description": said, "schema": {"$ref": f"#/definitions/{PROBLEM}"}}
