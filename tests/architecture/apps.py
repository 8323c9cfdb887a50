"""The real apps, put together without anything that they depend on."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from pydantic import SecretStr

from tollgate_auth.app import create_app as make_auth
from tollgate_auth.settings import AuthSettings
from tollgate_gateway.app import create_app as make_gateway
from tollgate_gateway.management.openapi import merge
from tollgate_gateway.settings import GatewaySettings
from tollgate_llm.app import create_app as make_llm
from tollgate_llm.settings import LlmSettings
from tollgate_reports.app import create_app as make_reports
from tollgate_reports.settings import ReportsSettings

# Nobody listens there: an app only has to be put together.
SETTINGS: dict[str, Any] = {
    "database_url": "postgresql://nobody@127.0.0.1:9/nothing",
    "redis_url": "redis://127.0.0.1:9/0",
    "encryption_key": SecretStr("A" * 43 + "="),
    "service_client_secret": SecretStr("secret"),
    "log_level": "ERROR",
}
MAKERS: dict[str, Callable[[], Flask]] = {
    "auth": lambda: make_auth(AuthSettings.load(SETTINGS)),
    "gateway": lambda: make_gateway(GatewaySettings.load(SETTINGS)),
    "llm": lambda: make_llm(LlmSettings.load(SETTINGS)),
    "reports": lambda: make_reports(ReportsSettings.load(SETTINGS)),
}
DOCUMENTED = ("auth", "llm", "reports")


def documents() -> dict[str, Any]:
    """What each service says of its own routes."""
    return {
        name: MAKERS[name]().test_client().get("/api/v1/swagger.json").json for name in DOCUMENTED
    }


def whole_document() -> dict[str, Any]:
    """What the gateway makes of them."""
    return merge(documents())
