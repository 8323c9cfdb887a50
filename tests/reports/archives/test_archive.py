"""A month leaves the ledger only once its file is known to hold it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tollgate_common.usage_lines import UsageLine, priced_line
from tollgate_reports.archives.files import Folder
from tollgate_reports.archives.repository import Figures
from tollgate_reports.archives.service import Archive, Archived, first_kept
from tollgate_reports.cli import main
from tollgate_reports.ledger.models import ledger as ledger_table

Record = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]

MAY = datetime(2019, 5, 1, tzinfo=UTC)
NOW = datetime(2019, 8, 15, tzinfo=UTC)


@pytest.fixture
def old(booked: Record, engine: Engine) -> list[str]:
    """Three requests of a May long ago and one of June, and no other month so old."""
    with engine.begin() as connection:
        for name in connection.execute(text(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger'::regclass"
        )).scalars().all():  # fmt: skip
            if name < "ledger_2026":
                connection.execute(text(f"DROP TABLE {name}"))
    times = (MAY, MAY + timedelta(days=20), datetime(2019, 5, 31, 23, 59, 59, tzinfo=UTC))
    ids = [booked(at, {"cost_nanos": 10**18 + n}, tags={"n": "é"}) for n, at in enumerate(times)]
    return [*ids, booked(datetime(2019, 6, 1, tzinfo=UTC))]


def run(engine: Engine, folder: Folder) -> list[Archived]:
    return list(Archive(engine, folder, keep_months=2).run(NOW))


def test_a_month_goes_into_a_file_with_all_of_its_columns(
    old: list[str], engine: Engine, tmp_path: Path, rows: Rows
) -> None:
    before = rows("SELECT * FROM ledger WHERE id = :id", id=old[0])
    rollups = rows("SELECT * FROM rollups ORDER BY bucket")
    (archived,) = run(engine, Folder(str(tmp_path)))
    assert archived.dropped
    assert archived.figures == Figures(3, Decimal("3000000000.000000003"), 30, 15)
    assert archived.file == str(tmp_path / "ledger-2019-05.parquet")
    found = pq.read_table(archived.file).to_pylist()
    assert [row["id"] for row in found] == sorted(old[:3])
    assert list(found[0]) == [column.name for column in ledger_table.columns]
    for name, value in before[0].items():
        if name in ("tags", "price"):
            assert json.loads(found[0][name]) == value
        else:
            assert found[0][name] == (str(value) if name == "id" else value)
    assert [str(row["id"]) for row in rows("SELECT id FROM ledger")] == old[3:]
    assert rows("SELECT * FROM rollups ORDER BY bucket") == rollups
    assert rows("SELECT to_regclass('ledger_2019_05') AS name") == [{"name": None}]
    assert rows("SELECT month, file, rows, cost FROM ledger_archives") == [
        {"month": MAY, "file": archived.file, "rows": 3, "cost": archived.figures.cost}
    ]
    assert run(engine, Folder(str(tmp_path))) == []
    assert [path.name for path in tmp_path.iterdir()] == ["ledger-2019-05.parquet"]


def test_lines_and_marks_are_in_the_file(
    old: list[str], engine: Engine, tmp_path: Path, booked: Record
) -> None:
    lines = (priced_line("m", "input", 7, "0.000001"), priced_line("m", "seconds", 1.5, None))
    marked = {"unpriced": True, "capped": True, "service_tier": "flex", "cache_write_tokens": 3}
    ticket = booked(
        MAY + timedelta(days=1),
        {"lines": lines, "cost_nanos": 7000, **marked},
        client_request_id="mine",
    )
    (archived,) = run(engine, Folder(str(tmp_path)))
    found = {row["id"]: row for row in pq.read_table(archived.file).to_pylist()}
    row = found[ticket]
    assert msgspec.json.decode(row["lines"], type=tuple[UsageLine, ...]) == lines
    assert {name: row[name] for name in marked} == marked
    assert row["client_request_id"] == "mine"
    assert [found[other]["lines"] for other in old[:3]] == [None] * 3


def test_a_file_of_before_there_were_lines_is_read(
    old: list[str], engine: Engine, tmp_path: Path
) -> None:
    folder = Folder(str(tmp_path))
    (archived,) = run(engine, folder)
    table = pq.read_table(archived.file)
    newer = ["lines", "unpriced", "capped", "service_tier", "cache_write_tokens"]
    pq.write_table(table.drop_columns([*newer, "client_request_id"]), archived.file)
    assert folder.figures(archived.file) == archived.figures


def test_an_event_that_comes_after_its_month_was_archived_is_parked(
    old: list[str], engine: Engine, booked: Record, rows: Rows
) -> None:
    run(engine, Folder("memory://late"))
    booked(MAY)
    assert rows("SELECT reason FROM parked_events") == [
        {"reason": "its month is archived: 2019-05"}
    ]


class Meanwhile(Folder):
    """Something happens between the writing of a file and its dropping."""

    def __init__(self, url: str, happens: Callable[[str], object]) -> None:
        super().__init__(url)
        self._happens = happens

    def figures(self, name: str) -> Figures:
        self._happens(name)
        return super().figures(name)


def test_an_event_that_comes_while_the_file_is_written_keeps_the_month(
    old: list[str], engine: Engine, tmp_path: Path, booked: Record, rows: Rows
) -> None:
    late = Meanwhile(str(tmp_path), lambda _: booked(MAY, {"cost_nanos": 0}))
    assert [month.dropped for month in run(engine, late)] == [False]
    assert rows("SELECT count(*) FROM ledger") == [{"count": 5}]
    (archived,) = run(engine, Folder(str(tmp_path)))
    assert (archived.dropped, archived.figures.rows) == (True, 4)


def test_a_file_that_does_not_hold_the_month_keeps_the_month(
    old: list[str], engine: Engine, tmp_path: Path, rows: Rows
) -> None:
    def shorten(name: str) -> None:
        table = pq.read_table(name)
        pq.write_table(table.slice(1), name)

    assert [month.dropped for month in run(engine, Meanwhile(str(tmp_path), shorten))] == [False]
    with pytest.raises(OSError, match="Parquet"):
        run(engine, Meanwhile(str(tmp_path), lambda name: Path(name).write_bytes(b"nothing")))
    assert rows("SELECT count(*) FROM ledger") == [{"count": 4}]
    assert rows("SELECT count(*) FROM ledger_archives") == [{"count": 0}]
    assert [month.dropped for month in run(engine, Folder(str(tmp_path)))] == [True]


def test_without_a_place_to_write_nothing_is_dropped(
    old: list[str], engine: Engine, tmp_path: Path, rows: Rows
) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(OSError, match="a file"):
        run(engine, Folder(str(tmp_path / "a file" / "folder")))
    assert rows("SELECT count(*) FROM ledger") == [{"count": 4}]


def test_one_archives_at_a_time(old: list[str], engine: Engine, tmp_path: Path, rows: Rows) -> None:
    others: list[list[Archived]] = []
    folder = Folder(str(tmp_path))
    first = Meanwhile(str(tmp_path), lambda _: others.append(run(engine, folder)))
    assert [month.dropped for month in run(engine, first)] == [True]
    assert others == [[]]


def test_a_reader_of_the_ledger_delays_the_drop_and_is_not_disturbed(
    old: list[str], engine: Engine, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollgate_reports.archives.service.DROP_ATTEMPTS", 1)
    with engine.connect() as reader:
        assert reader.scalar(text("SELECT count(*) FROM ledger")) == 4
        assert [month.dropped for month in run(engine, Folder(str(tmp_path)))] == [False]
        assert reader.scalar(text("SELECT count(*) FROM ledger")) == 4
    assert [month.dropped for month in run(engine, Folder(str(tmp_path)))] == [True]


def test_rows_of_an_archived_month_are_not_made_again_by_hand(
    old: list[str], engine: Engine, tmp_path: Path
) -> None:
    run(engine, Folder(str(tmp_path)))
    with pytest.raises(DBAPIError, match="no partition"), engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO ledger SELECT '016a6f5e-6400-7000-8000-000000000000', request_id, org,"
            ' project, key, "user", mode, endpoint, dialect, model, stream, tags, opened_at,'
            " closed_at, status, provider, provider_model, http_status, input_tokens,"
            " output_tokens, cached_input_tokens, reasoning_tokens, cost, price, estimated,"
            " attempts, latency_ms, first_byte_ms, error FROM ledger LIMIT 1"
        ))  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "first"),
    [(2, "2019-06-01"), (7, "2019-01-01"), (13, "2018-07-01")],
)
def test_so_many_whole_months_before_this_one_stay(keep: int, first: str) -> None:
    assert f"{first_kept(NOW, keep):%Y-%m-%d}" == first


def test_the_command_tells_what_went_where(
    old: list[str], job_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def archive() -> Result:
        return CliRunner().invoke(main, ["archive"])

    assert archive().exit_code == 2
    monkeypatch.setenv("LEDGER_ARCHIVE_URL", tmp_path.as_uri())
    answer = archive()
    assert answer.exit_code == 0
    assert [json.loads(line) for line in answer.output.splitlines()][:1] == [
        {
            "month": "2019-05", "file": str(tmp_path / "ledger-2019-05.parquet"), "rows": 3,
            "cost_usd": "3000000000.000000003", "dropped": True,
        }
    ]  # fmt: skip
