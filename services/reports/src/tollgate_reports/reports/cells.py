"""Cells of CSV files that nobody is harmed by who opens them in a spreadsheet."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets read full-width signs, too


def harmless(text: str) -> str:
    """Return the text as a cell that no spreadsheet calculates: one that it would take for a
    formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
