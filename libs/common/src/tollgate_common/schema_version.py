"""Whether the tables are as new as the code: asked once, when a process starts.

Revisions are four-digit numbers in order, `versions/0002_what.py`; so this needs no Alembic, which
would cost every start a quarter of a second.
"""

import sys
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from tollgate_common.logging import get_logger

BOOT_ERROR = 3

log = get_logger(__name__)


class OldTables(SystemExit):
    """Ends the process; with this status gunicorn stops too, instead of starting another worker."""

    def __init__(self, schema: str, here: str, newest: str) -> None:
        super().__init__(BOOT_ERROR)
        self.sentence = (
            f"{schema}: the tables are at revision {here}, and this version needs {newest}. "
            f"Run `tollgate-{schema} migrate` first."
        )


def newest_revision(versions: Path) -> str:
    """Of a folder of migrations."""
    return max(path.name[:4] for path in versions.glob("[0-9]*.py"))


def require(engine: Engine, schema: str, versions: Path) -> None:
    """`OldTables`, said on standard error, when the tables are older than the newest migration.

    Newer ones are fine: migrations go ahead of the processes that need them. A database that does
    not answer is no reason not to start: readiness says so.
    """
    newest = newest_revision(versions)
    try:
        with engine.connect() as connection:
            here = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        here = None
    except OperationalError as error:
        log.warning("tables_unchecked", error=type(error).__name__)
        return
    if here is None or here < newest:
        old = OldTables(schema, here or "none", newest)
        print(old.sentence, file=sys.stderr, flush=True)  # noqa: T201 - it ends the process
        raise old
