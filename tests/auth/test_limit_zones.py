"""A limit whose time zone changes goes on counting, and tells since when."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis import Redis

from tests.auth.conftest import Org
from tests.auth.test_limit_figures import made, opened
from tollgate_common.principal import Limit
from tollgate_common.tickets import Reservation
from tollgate_common.tickets.limits import reservation

# One of the two is another day than UTC's at any moment.
FAR = ("Pacific/Kiritimati", "Pacific/Pago_Pago")


def gateways(org: Org) -> Limit:
    """The organisation's one limit, as the gateway is told of it."""
    (limit,) = org.owner.principal().limits
    return limit


def held(org: Org, amount: int = 1) -> Reservation:
    return reservation(org.id, "live", gateways(org), amount)


def used(org: Org, limit: dict[str, Any]) -> str:
    found: str = org.owner.get(f"/limits/{limit['id']}").get_json()["used"]
    return found


@pytest.mark.parametrize("window", ["day", "month"])
@pytest.mark.parametrize("zone", FAR)
def test_a_limit_goes_on_counting_when_its_zone_changes(
    org: Org, redis: Redis, zone: str, window: str
) -> None:
    limit = made(org, metric="requests", window=window, max="10")
    opened(redis, org, held(org))
    changed = org.owner.patch(f"/limits/{limit['id']}", {"timezone": zone})
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["used"] == "1"
    opened(redis, org, held(org))
    assert used(org, limit) == "2"


def test_it_goes_on_through_any_number_of_changes_and_back(org: Org, redis: Redis) -> None:
    limit = made(org, metric="requests", window="day", max="10")
    for number, zone in enumerate((*FAR, "UTC", *reversed(FAR), "Asia/Kathmandu"), start=1):
        opened(redis, org, held(org))
        org.owner.patch(f"/limits/{limit['id']}", {"timezone": zone})
        assert used(org, limit) == str(number)


def test_a_keys_limit_goes_on_when_the_key_is_given_it_in_another_zone(
    org: Org, redis: Redis
) -> None:
    limit = {"metric": "requests", "window": "day", "max": "10"}
    key = org.key(limits=[limit])
    (before,) = key.principal().limits
    opened(redis, org, reservation(org.id, "live", before, 1))
    for zone in FAR:
        org.owner.patch(f"/keys/{key.id}", {"limits": [limit | {"timezone": zone}]})
        (shown,) = org.owner.get("/limits", query_string={"kind": "key"}).get_json()["data"]
        assert (shown["used"], shown["timezone"]) == ("1", zone)


def test_the_window_ends_in_the_new_zone(org: Org) -> None:
    limit = made(org, metric="requests", window="day", max="10")
    now = datetime.now(UTC)
    zone = ZoneInfo("Pacific/Pago_Pago")
    shown = org.owner.patch(f"/limits/{limit['id']}", {"timezone": zone.key}).get_json()
    following = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), zone)
    assert abs(datetime.fromisoformat(shown["resets_at"]) - following) < timedelta(seconds=2)


def test_a_total_has_no_zone_to_mind(org: Org, redis: Redis) -> None:
    limit = made(org, metric="requests", window="total", max="10")
    opened(redis, org, held(org))
    org.owner.patch(f"/limits/{limit['id']}", {"timezone": FAR[0]})
    assert used(org, limit) == "1"
    assert gateways(org).transition is None


def test_counts_from_is_when_the_limit_was_made(org: Org) -> None:
    for window in ("day", "month", "total"):
        limit = made(org, metric="tokens", window=window, max="10")
        assert limit["counts_from"] == limit["created_at"]


@pytest.mark.parametrize(("metric", "window"), [("concurrency", "total"), ("requests", "minute"),
                                                ("tokens", "hour")])  # fmt: skip
def test_what_drains_or_runs_counts_from_no_moment(org: Org, metric: str, window: str) -> None:
    assert made(org, metric=metric, window=window, max="10")["counts_from"] is None
