"""CORS_ORIGINS: exact origins and the subdomains of a domain, and nothing that looks like one."""

import pytest
from flask import Flask
from flask_cors import CORS

from tollgate_gateway.origins import NotAnOrigin, parse_origins
from tollgate_gateway.settings import GatewaySettings


def lets_in(setting: str, origin: str) -> bool:
    app = Flask("origins")
    app.add_url_rule("/", view_func=lambda: "")
    CORS(app, origins=parse_origins(setting))
    answer = app.test_client().get("/", headers={"origin": origin})
    return bool(answer.headers.get("access-control-allow-origin") == origin)


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        ("https://*.example.com", "https://app.example.com"),
        ("https://*.example.com", "https://APP.Example.com"),
        ("https://*.example.com:8443", "https://app.example.com:8443"),
        ("http://a.test, https://*.b.test", "https://c.b.test"),
        ("https://app.example.com", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("*", "https://anything.test"),
    ],
)
def test_these_are_let_in(setting: str, origin: str) -> None:
    assert lets_in(setting, origin)


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        ("https://*.example.com", "https://xexample.com.evil.org"),
        ("https://*.example.com", "https://app.example.com.evil.org"),
        ("https://*.example.com", "https://app.example.community"),
        ("https://*.example.com", "https://appxexample.com"),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("https://*.example.com", "https://evil.org/.example.com"),
        ("https://*.example.com", "https://evil.org#x.example.com"),
        ("https://*.example.com", "http://app.example.com"),
        ("https://*.example.com", "https://app.example.com:8443"),
        ("https://*.example.com", "https://.example.com"),
        ("https://app.example.com", "https://appxexample.com"),
        ("http://[::1]:3000", "http://:1:3000"),
        ("http://[::1]:3000", "http://[::1]:30001"),
        ("https://app.example.com", "null"),
        ("", "https://app.example.com"),
    ],
)
def test_these_are_not(setting: str, origin: str) -> None:
    assert not (parse_origins(setting) and lets_in(setting, origin))


@pytest.mark.parametrize(
    "setting",
    [
        "https://*",
        "https://*.com",
        "https://app.*.com",
        "https://*app.example.com",
        "https://*.*.example.com",
        "*://app.example.com",
        "*.example.com",
        "example.com",
        "https://app.example.com/",
        "https://app.example.com/page",
        "https://.*",
        "null",
        r"https://.*\.example\.com",
        "https://(a|b).example.com",
        "https://a.test https://b.test",
        "https://a.test, https://b.*",
        "https://user@a.test",
    ],
)
def test_anything_else_ends_the_start_with_a_sentence(setting: str) -> None:
    with pytest.raises(NotAnOrigin):
        parse_origins(setting)
    with pytest.raises(SystemExit, match=r"CORS_ORIGINS: .* is no origin such as https://app"):
        GatewaySettings.load({"cors_origins": setting})
