from __future__ import annotations

from docs.make_translation import PAGE, page


def test_the_page_of_translations_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "Run `make docs`."
