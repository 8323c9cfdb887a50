"""Text in headers, as WSGI hands it over: a character for each byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.header_text import header_text


def wsgi(sent: bytes) -> str:
    return sent.decode("latin-1")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("team=Süd".encode(), "team=Süd"),
        ("team=Süd".encode("latin-1"), "team=Süd"),
        ("team=東京,x=🧭".encode(), "team=東京,x=🧭"),
        (b"team=blue", "team=blue"),
        (b"", ""),
        (b"half=\xc3", "half=Ã"),
        (b"\xed\xa0\x80", "í\xa0\x80"),  # a lone surrogate is no UTF-8
        (b"\xc0\xaf", "À¯"),  # nor is an overlong form
    ],
)
def test_it_is_utf_8_or_else_latin_1(sent: bytes, text: str) -> None:
    assert header_text(wsgi(sent)) == text


@given(st.text())
def test_whatever_is_sent_in_utf_8_comes_back(text: str) -> None:
    assert header_text(wsgi(text.encode())) == text


@given(st.binary())
def test_no_bytes_are_an_error(sent: bytes) -> None:
    assert len(header_text(wsgi(sent)).encode().decode()) <= len(sent)
