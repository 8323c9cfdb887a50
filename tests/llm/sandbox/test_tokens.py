from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.sandbox.tokens import count_content, count_text, pieces


@given(st.text())
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert len(pieces(text)) == count_text(text)


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    assert count_text(text) <= len(text.encode("utf-8", "surrogatepass"))


@given(st.text(), st.integers(0, 10))
def test_the_first_pieces_are_those_of_the_whole(text: str, most: int) -> None:
    assert pieces(text, most) == pieces(text)[:most]


def test_labels_and_ids_are_not_text() -> None:
    message = {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": [{"type": "text", "text": "a b"}],
    }
    assert count_content(message) == 2


def test_a_type_of_another_type_is_not_looked_up() -> None:
    for odd in ({"a": "b"}, ["image"], None, 7):
        assert count_content({"type": odd, "text": "b c"}) == count_text("b c")
