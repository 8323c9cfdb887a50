"""What people write with instructor. The program prints what its scenarios saw."""

import json
import os
import sys

import instructor
from pydantic import BaseModel

PROVIDERS = {"chat": "openai", "responses": "openai", "messages": "anthropic"}
MODES = {
    "tools": {
        "chat": instructor.Mode.TOOLS,
        "responses": instructor.Mode.RESPONSES_TOOLS,
        "messages": instructor.Mode.ANTHROPIC_TOOLS,
    },
    "json": {"chat": instructor.Mode.JSON, "messages": instructor.Mode.ANTHROPIC_JSON},
    "schema": {"chat": instructor.Mode.JSON_SCHEMA},
}
MESSAGES = [{"role": "user", "content": "Jason is 25 years old."}]


class Person(BaseModel):
    name: str
    age: int


def client(mode, dialect):
    name = f"{PROVIDERS[dialect]}/{os.environ['TOLLGATE_MODEL']}"
    return instructor.from_provider(name, mode=MODES[mode][dialect])


def extract(mode, dialect):
    made = client(mode, dialect).create(response_model=Person, messages=MESSAGES, max_retries=0)
    return made.model_dump()


def partial(mode, dialect):
    made = client(mode, dialect).create_partial(
        response_model=Person, messages=MESSAGES, max_retries=0
    )
    return list(made)[-1].model_dump()


if __name__ == "__main__":
    scenarios, seen = {"extract": extract, "partial": partial}, {}
    for each in sys.argv[1].split(","):
        scenario, mode = each.split("-")
        seen[each] = scenarios[scenario](mode, sys.argv[2])
    json.dump(seen, sys.stdout)
