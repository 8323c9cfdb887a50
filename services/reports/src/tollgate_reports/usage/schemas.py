"""What may be asked of usage, and the shape of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from tollgate_common.visibility import Visibility
from tollgate_reports.ledger.models import DIMENSIONS
from tollgate_reports.usage.periods import Period
from tollgate_reports.visibility import Filters, Interval, Mode, Timezone

Grain = Literal["hour", "day", "month", "total"]

TAG = "tag:"
GROUPS_MAX = 8
CODE = "code"
"""Why a request was refused; of those that were accepted it is null."""
GROUPS = (*DIMENSIONS, CODE)
_GROUP = f"^({'|'.join(GROUPS)}|{TAG}[^,\\s]+)$"


def _split(value: object) -> object:
    """`a,b` of a query string as its parts."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _check_groups(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in GROUPS and not (name.startswith(TAG) and len(name) > len(TAG)):
            raise ValueError(f"{name[:50]!r} is none of {', '.join(GROUPS)}, tag:<name>")
    if len(set(names)) != len(names) or len(names) > GROUPS_MAX:
        raise ValueError(f"each once, and at most {GROUPS_MAX}")
    return names


Group = Annotated[str, Field(json_schema_extra={"pattern": _GROUP})]
GroupBy = Annotated[
    tuple[Group, ...],
    Field(json_schema_extra={"maxItems": GROUPS_MAX, "uniqueItems": True}),
    BeforeValidator(_split),
    AfterValidator(_check_groups),
]


class UsageQuery(Filters):
    """The query string of `GET /usage`. What it does not know is refused, not ignored."""

    period: Interval | None = Field(
        None, description="ISO 8601 interval, like 2026-11-01/P1M; this month unless given."
    )
    timezone: Timezone = Field("UTC", description="IANA name; decides where days and months begin.")
    grain: Grain = Field("day", description="How long a bucket is.")
    group_by: GroupBy = Field(
        (), description="Any of project,key,user,model,provider,status,mode,code,tag:<name>."
    )
    mode: Mode | None = Field(
        None,
        description="A key or service account sees its own mode unless told otherwise,"
        " people `live`.",
    )

    unpriced_requests: bool | None = Field(
        None,
        description="Only requests that used something nobody knew the price of; or only others.",
    )
    capped_requests: bool | None = Field(
        None,
        description="Only requests reported with more than is possible; or only others.",
    )


CacheHitRate = Annotated[
    float | None,
    Field(
        description="`cached_input_tokens` of these sums by their `input_tokens`, with six places;"
        " null where there was no input."
    ),
]


class UsageRow(BaseModel):
    """One bucket and, beside these fields, one for each of `group_by`. A bucket is named by its
    first moment, with the offset it has in the zone asked for."""

    bucket: str
    requests: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_requests: int = Field(
        description="How many of the requests have figures that are not the provider's own."
    )
    unpriced_requests: int = Field(
        description="How many of the requests used something that nobody knows the price of."
    )
    capped_requests: int = Field(
        description="How many of the requests were reported with more than is possible."
    )
    refused_requests: int = Field(
        description="Requests that were refused, by a limit or for what they asked; none of them"
        " is among `requests`. They have no provider, status or tag, and `code` says why."
    )
    cache_hit_rate: CacheHitRate
    cost_usd: str = Field(description="US dollars, a decimal with nine places.")


class UsageTotals(BaseModel):
    requests: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_requests: int
    unpriced_requests: int
    capped_requests: int
    refused_requests: int
    cache_hit_rate: CacheHitRate
    cost_usd: str


class Usage(BaseModel):
    """Whatever was recorded before `as_of` is in the figures."""

    data: list[UsageRow]
    totals: UsageTotals
    as_of: datetime


@dataclass(frozen=True)
class Question:
    """What to sum up: the requests that are visible, in a period, that have all of `filters`
    (a dimension or a mark of the ledger: value), by `groups` and by `grain` in `zone`."""

    visibility: Visibility
    period: Period
    zone: ZoneInfo
    grain: Grain
    groups: tuple[str, ...]
    filters: Mapping[str, str | bool]
