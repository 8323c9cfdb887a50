"""Arguments and values are those that the message mentions."""

from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.sandbox.instances import instance
from tollgate_llm.sandbox.mentions import Mentions

TEXT: Any = {"type": "string"}
WHOLE: Any = {"type": "integer"}
FLAG: Any = {"type": "boolean"}
DEGREES: Any = {"enum": ["celsius", "fahrenheit"]}
VISIT = (
    "From 2026-03-05 to 2026-03-08 in Rome, write to ada@example.org, see https://example.com/a."
)


def drawn(
    text: str,
    optional: dict[str, Any] | None = None,
    *,
    ignored: tuple[str, ...] = (),
    is_result: bool = False,
    **required: Any,
) -> Any:
    schema = {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }
    return instance(schema, Mentions(text, ignored, is_result=is_result))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("What is the weather in Paris?", "Paris"),
        ("What is the weather in San Francisco, CA?", "San Francisco, CA"),
        ("weather in paris, please", "paris"),
        ("Weather for the harbour", "harbour"),
        ("Hello, Tollgate!", "Tollgate"),
        ("Ada Lovelace is 36.", "Ada Lovelace"),
        ("Extract: Jason is 25 years old", "Jason"),
        ("Open `notes.txt` in Paris", "notes.txt"),
        ("Ask for 'a table by the window'.", "a table by the window"),
        ("Ask for 「窓際の席」", "窓際の席"),
        ("place: the old town, if you can", "the old town"),
        ("Do it", "text"),
        ("What's up?", "text"),
    ],
)
def test_a_string_is_what_is_labelled_or_quoted_or_else_a_name(text: str, place: str) -> None:
    assert drawn(text, place=TEXT) == {"place": place}


def test_a_name_in_a_plain_question_leaves_the_opening_word_out() -> None:
    assert drawn("Is Berlin larger than Rome?", a=TEXT, b=TEXT) == {"a": "Berlin", "b": "Rome"}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("What is 1 + 2?", (1, 2)),
        ("add(3, -4)", (3, -4)),
        ("b is 4 and a is 3", (3, 4)),
        ("Of 2026-03-05 the 1,200 people, 7 of GPT-4", (1200, 7)),
        ("nothing to count", (0, 0)),
    ],
)
def test_integers_are_taken_in_their_order_or_by_their_names(
    text: str, numbers: tuple[int, int]
) -> None:
    assert tuple(drawn(text, a=WHOLE, b=WHOLE).values()) == numbers


def test_a_number_that_the_schema_does_not_accept_is_not_taken() -> None:
    assert drawn("between 7 and 300", n={**WHOLE, "minimum": 100}) == {"n": 300}


def test_formats_and_names_of_formats_find_their_own() -> None:
    day = {"type": "string", "format": "date"}
    seen = drawn(VISIT, start_date=TEXT, end=day, email=TEXT, url=TEXT, place=TEXT)
    assert seen == {
        "start_date": "2026-03-05",
        "end": "2026-03-08",
        "email": "ada@example.org",
        "url": "https://example.com/a",
        "place": "Rome",
    }


def test_a_listed_value_is_the_one_that_is_mentioned() -> None:
    assert drawn("In Fahrenheit, please", unit=DEGREES) == {"unit": "fahrenheit"}
    assert drawn("Hello", unit=DEGREES) == {"unit": "celsius"}


def test_what_may_be_left_out_is_there_only_where_it_is_named() -> None:
    optional = {"unit": DEGREES, "days": WHOLE}
    assert drawn("In Paris, 3 of them", optional, place=TEXT) == {"place": "Paris"}
    assert drawn("In Paris, unit: fahrenheit, days=3", optional, place=TEXT) == {
        "place": "Paris",
        "unit": "fahrenheit",
        "days": 3,
    }


def test_a_boolean_is_drawn_where_it_is_named() -> None:
    assert drawn("No breakfast, smoking: no", smoking=FLAG) == {"smoking": False}
    assert drawn("no, thanks", smoking=FLAG) == {"smoking": True}


def test_an_array_has_all_of_a_kind() -> None:
    numbers = {"type": "array", "items": {"type": "number"}}
    names = {"type": "array", "items": TEXT}
    assert drawn("Sum 1, 2.5 and 3", numbers=numbers) == {"numbers": [1, 2.5, 3]}
    assert drawn("Compare Paris, Berlin and Rome", names=names) == {
        "names": ["Paris", "Berlin", "Rome"]
    }


def test_a_nullable_value_is_drawn_too() -> None:
    assert drawn("In Paris", place={"anyOf": [TEXT, {"type": "null"}]}) == {"place": "Paris"}


def test_of_a_tools_result_the_first_string_is_all_of_it() -> None:
    assert drawn("It rains in Paris.", answer=TEXT, is_result=True) == {
        "answer": "It rains in Paris."
    }


def test_a_tools_own_name_is_no_argument() -> None:
    assert drawn("Use `look_up` for Rome", word=TEXT, ignored=("look_up",)) == {"word": "Rome"}


def test_a_long_message_is_looked_at_in_part() -> None:
    assert drawn("x" * 30_000 + " in Paris", place=TEXT) == {"place": "text"}
