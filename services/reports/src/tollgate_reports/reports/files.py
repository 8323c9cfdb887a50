"""Report files, made by pandas: of what was used, as CSV. Money is the exact decimal."""

import pandas as pd

from tollgate_common.money import usd_text
from tollgate_reports.reports.cells import harmless
from tollgate_reports.usage.frames import NANOS, cache_hit_rate, local_text
from tollgate_reports.usage.repository import SUMS
from tollgate_reports.usage.schemas import Question


def usage_csv(frame: pd.DataFrame, question: Question) -> bytes:
    """UTF-8, a header and a line for each row of the frame: bucket, groups, sums,
    cache_hit_rate (empty where there was no input), cost_usd."""
    shown = pd.DataFrame(
        {"bucket": [local_text(moment, question.zone) for moment in frame["bucket"]]}
    )
    for name in question.groups:
        shown[harmless(name)] = [_cell(value) for value in frame[name]]
    for name in SUMS:
        shown[name] = frame[name].astype("int64")
    rates = [cache_hit_rate(record) for record in frame.to_dict("records")]
    shown["cache_hit_rate"] = ["" if rate is None else f"{rate:.6f}" for rate in rates]
    shown["cost_usd"] = [usd_text(int(nanos)) for nanos in frame[NANOS]]
    return shown.to_csv(index=False, lineterminator="\n").encode()


def _cell(value: object) -> str:
    """The text, harmless; nothing for a missing value."""
    return "" if pd.isna(value) else harmless(str(value))  # type: ignore[call-overload]
