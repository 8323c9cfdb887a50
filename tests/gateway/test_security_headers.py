"""What browsers are told about each kind of answer, and that pages keep to it."""

import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask, Response

from tollgate_gateway.management import docs_page
from tollgate_gateway.security_headers import headers_for, register

HTML, JSON = "text/html; charset=utf-8", "application/json"
CHECKSUMS = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
    "favicon-32x32.png": "3ed612f41e050ca5e7000cad6f1cbe7e7da39f65fca99c02e99e6591056e5837",
}
TEMPLATES = [
    *Path(docs_page.__file__).parent.rglob("*.html"),
    *(Path(docs_page.__file__).parent.parent / "pages").rglob("*.html"),
]


class TestHeadersFor:
    @pytest.mark.parametrize("path", ["/docs", "/invitation", "/api/v1/auth/sso/x/login"])
    def test_a_page_runs_its_own_files_and_is_framed_by_nobody(self, path: str) -> None:
        headers = headers_for(path, HTML)
        assert "script-src 'self';" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/nothing", "/oauth/token"])
    def test_no_cache_keeps_what_the_management_api_says(self, path: str) -> None:
        assert headers_for(path, JSON) == {"cache-control": "no-store"}

    @pytest.mark.parametrize("kind", [JSON, HTML, None])
    def test_a_vendors_answer_gets_what_holds_for_the_origin_alone(self, kind: str | None) -> None:
        assert headers_for("/v1/messages", kind) == {}


@pytest.mark.parametrize(
    ("public_url", "is_https"),
    [(None, False), ("http://tollgate.example", False), ("https://tollgate.example", True)],
)
@pytest.mark.parametrize("path", ["/docs", "/v1/messages", "/nothing"])
def test_https_is_promised_where_the_public_address_has_it(
    public_url: str | None, is_https: bool, path: str
) -> None:
    app = Flask("x")
    odd = {"x-frame-options": "ALLOW", "x-content-type-options": "odd"}
    for rule in ("/docs", "/v1/messages"):
        app.add_url_rule(rule, rule, lambda: Response("", headers=odd))
    register(app, public_url)
    answer = app.test_client().get(path)
    assert ("strict-transport-security" in answer.headers) is is_https
    assert answer.headers.getlist("x-content-type-options") == ["nosniff"]
    framing = answer.headers.getlist("x-frame-options")
    assert framing == (["ALLOW"] if path == "/v1/messages" else ["DENY"])


class TestDocsPage:
    @pytest.mark.parametrize(("name", "checksum"), CHECKSUMS.items())
    def test_swagger_ui_is_the_release_that_it_says_it_is(self, name: str, checksum: str) -> None:
        content = (docs_page.SWAGGER_UI / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum
        assert docs_page.VERSION in (docs_page.SWAGGER_UI / "README.md").read_text()

    def test_no_token_is_kept(self) -> None:
        assert "persistAuthorization: false" in (docs_page.OWN / "docs.js").read_text()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_a_script_or_a_style_of_its_own(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", text)
