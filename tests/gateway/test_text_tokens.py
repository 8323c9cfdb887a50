"""No tokeniser makes more tokens of a text than are counted for it."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_gateway.parsed_requests.text_tokens import (
    json_string_tokens,
    json_tokens,
    text_tokens,
)

SURROGATES = range(0xD800, 0xE000)
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hi", 2),
        ("é", 2),
        ("漢字", 6),
        ("🧑‍🚀", 11),
        ("\x00\n\t", 3),
        ("\ud800", 3),
        ("½", 5),
        ("\ufdfa", 33),
    ],
)
def test_a_token_is_at_least_a_byte(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


def test_every_character_counts_for_the_longer_of_its_two_forms() -> None:
    for point in range(sys.maxunicode + 1):
        if point not in SURROGATES:
            character = chr(point)
            longer = max(size(character), size(unicodedata.normalize("NFKC", character)))
            assert text_tokens(character) == longer


@given(ANY_TEXT)
def test_normalising_makes_no_text_longer_than_what_is_counted(text: str) -> None:
    assert text_tokens(text) >= max(size(text), size(unicodedata.normalize("NFKC", text)))


@given(ANY_TEXT)
def test_a_string_in_json_counts_with_its_quotes_and_escapes(text: str) -> None:
    assert json_string_tokens(text) >= text_tokens(text) + 2


def test_json_counts_with_a_space_after_each_comma_and_colon() -> None:
    assert (
        json_tokens({"a": [1, True, None], "é": '"'})
        == len('{"a": [1, true, null], "é": "\\""}') + 1
    )


@pytest.mark.parametrize("value", [{"a": "\ud800"}, ["\udfff"]])
def test_json_of_half_a_character_is_refused(value: object) -> None:
    with pytest.raises(UnicodeEncodeError):
        json_tokens(value)
