"""Writes docs/translation.md from the rules for fields: `make docs`; `--check` only compares."""

import json
import sys
from pathlib import Path

from tollgate_llm.dialects.directions import DIRECTIONS
from tollgate_llm.dialects.field_rules import Direction, FieldRule

PAGE = Path(__file__).with_name("translation.md")
INTRODUCTION = """# Translation

A caller may speak OpenAI's dialects to a provider that speaks Anthropic's, and the other way round.
This page says what becomes of each field of a request on the way. It is made from the tables in the
code: `make docs` renews it, and `make check` fails when it is out of date.

A field is **translated** where the other dialect has words for it. A **hint** changes what a call
costs, what is cached or booked, how wordy an answer is, or how a client manages its context. Hints
that the other dialect has no word for are left out without being asked. All else is **refused** by
name, with the code `unsupported_parameter`, unless somebody says that it may be left out. What is
left out is listed in `x-tollgate-dropped-params` ([headers.md](headers.md)): hints with `*` for any
index, other fields by their path.

Who says so is the first of these that says anything; where none does, such a field is refused.

| | refused | left out |
|---|---|---|
| the request | `x-tollgate-drop-params: false` | `x-tollgate-drop-params: true` |
| its key (`/api/v1/keys/{id}`) | `"unsupported": "refuse"` | `"unsupported": "drop"` |
| the model (`/api/v1/models/{name}`) | `"unsupported": "refuse"` | `"unsupported": "drop"` |
| the organisation (`/api/v1/organisation`) | `"unsupported": "refuse"` | `"unsupported": "drop"` |

A setting is null, and says nothing, until it is made, and again once null is sent; so does a header
of any other value. A call with an access token has no key that could say it. With something left
out, an answer may be to less than was asked: `drop` is meant for clients that send more than they
need, and can be told neither to leave it out nor to set a header.

In the tables, `**.name` is a field wherever it is, and `path.**` are all other fields of an object.
A field that is null says nothing. Within a translated field, a value for which there is no
counterpart is refused by its path. A field that no table names is refused.
"""
OUTCOMES = ("translated", "hint", "refused")


def page() -> str:
    return INTRODUCTION + "".join(map(section, DIRECTIONS))


def section(direction: Direction) -> str:
    ranked = sorted(direction.rules.items(), key=lambda item: (_rank(item[1]), item[0]))
    rows = [row(path, rule) for path, rule in ranked]
    title = f"\n## {direction.caller} → {direction.provider}\n\n"
    return title + "\n".join(["| field | | |", "|---|---|---|", *rows, ""])


def row(path: str, rule: FieldRule) -> str:
    reason = rule.reason.replace("|", "\\|")
    return f"| `{path}` | {rule.outcome} | {reason}{without_effect(rule)} |"


def without_effect(rule: FieldRule) -> str:
    """Return the values that are neither refused nor listed, in words."""
    if not rule.without_effect:
        return ""
    values = ", ".join(f"`{_shown(value)}`" for value in rule.without_effect)
    return f" (says nothing: {values})"


def main() -> int:
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != page():
            sys.stderr.write("docs/translation.md is out of date. Run `make docs`.\n")
            return 1
        return 0
    PAGE.write_text(page())
    return 0


def _rank(rule: FieldRule) -> int:
    return OUTCOMES.index(rule.outcome)


def _shown(value: object) -> str:
    return json.dumps(value)


if __name__ == "__main__":
    raise SystemExit(main())
