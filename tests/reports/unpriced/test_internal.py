"""`GET /internal/v1/unpriced`: what all organisations used without a price, for an operator."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient

from tollgate_common.usage_lines import priced_line
from tollgate_reports.settings import ReportsSettings

Record = Callable[..., str]
PATH = "/internal/v1/unpriced"
UNPRICED = {"lines": (priced_line("m-1", "input", 700, None),), "cost_nanos": 0, "unpriced": True}


@pytest.fixture
def llm(
    app: Flask, settings: ReportsSettings, signing_key: Ed25519PrivateKey
) -> Callable[..., FlaskClient]:
    """Make a client that calls as llm does."""

    def llm(scope: str = "unpriced:read") -> FlaskClient:
        claims: dict[str, Any] = {
            "iss": settings.issuer,
            "aud": "reports",
            "sub": "service:llm",
            "scope": scope,
            "iat": int(time.time()),
            "exp": int(time.time()) + 900,
        }
        token = jwt.encode(claims, signing_key, "EdDSA", headers={"kid": "k1"})
        caller = app.test_client()
        caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return caller

    return llm


class TestUnpricedOfAll:
    def test_all_organisations_are_summed_up_for_the_days_asked_for(
        self, booked: Record, llm: Callable[..., FlaskClient]
    ) -> None:
        now = datetime.now(UTC)
        booked(now - timedelta(hours=1), UNPRICED)
        booked(now - timedelta(hours=2), UNPRICED, org="org_other")
        booked(now - timedelta(days=3), UNPRICED)
        rows = llm().get(PATH, query_string={"days": 2}).get_json()["data"]
        assert [(row["model"], row["requests"], row["quantity"]) for row in rows] == [
            ("m-1", 2, 1400)
        ]
        (row,) = llm().get(PATH).get_json()["data"]
        assert row["requests"] == 3

    @pytest.mark.parametrize("days", ["0", "401", "x"])
    def test_a_wrong_number_of_days_is_422(
        self, llm: Callable[..., FlaskClient], days: str
    ) -> None:
        answer = llm().get(PATH, query_string={"days": days})
        assert (answer.status_code, answer.get_json()["param"]) == (422, "days")

    def test_nobody_else_may_ask(
        self, llm: Callable[..., FlaskClient], client: Callable[..., FlaskClient]
    ) -> None:
        assert llm("spend:read").get(PATH).status_code == 403
        assert client().get(PATH).status_code == 401
