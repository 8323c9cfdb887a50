"""The ledger's rows of a key, as the management API shows them."""

from typing import Any

from tests.e2e.platform import Key, Platform, eventually

Row = dict[str, Any]


def rows_of(platform: Platform, key: Key, count: int, mode: str = "test") -> list[Row]:
    """All of the key's rows, the oldest first, as soon as there are `count`; no more may come."""

    def found() -> list[Row]:
        parameters = {"project": key.project, "mode": mode, "limit": "200"}
        answer = platform.api("GET", "/requests", params=parameters)
        assert answer.status_code == 200, answer.text
        rows = answer.json()["data"]
        return rows[::-1] if len(rows) >= count else []

    rows: list[Row] = eventually(found)
    assert len(rows) == count, [(row["endpoint"], row["status"]) for row in rows]
    return rows


def row_of(platform: Platform, key: Key, mode: str = "test") -> Row:
    """The only one."""
    return rows_of(platform, key, 1, mode)[0]


def tokens(usage: dict[str, Any]) -> tuple[int, int]:
    """What a client was told to have used, in either vendor's words: input, output."""
    names = ("prompt_tokens", "completion_tokens")
    if "prompt_tokens" not in usage:
        names = ("input_tokens", "output_tokens")
    return usage[names[0]], usage.get(names[1], 0)


def booked(row: Row, mode: str = "test") -> tuple[int, int]:
    """The same in the ledger, of a call that went well and whose provider counted."""
    assert row["status"] == "ok"
    assert row["http_status"] == 200
    assert not row["estimated"]
    assert row["mode"] == mode
    return row["input_tokens"], row["output_tokens"]


def all_booked(rows: list[Row], mode: str = "test") -> tuple[int, int]:
    each = [booked(row, mode) for row in rows]
    return sum(row[0] for row in each), sum(row[1] for row in each)
