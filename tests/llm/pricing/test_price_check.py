"""A newer price list is compared price by price; what cannot be had is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tollgate_llm.pricing.check import ListUnavailable, fetch_list
from tollgate_llm.pricing.comparison import price_changes


def provider(**models: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": "https://api\\.openai\\.com",
        "models": [
            {"id": name, "match": {"equals": name}, "prices": prices}
            for name, prices in models.items()
        ],
    }


@pytest.fixture
def serve() -> Iterator[Any]:
    """Serve a body at an address on this machine."""
    bodies: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            """Silence the access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def serve(path: str, body: Any) -> str:
            bodies[path] = body if isinstance(body, bytes) else json.dumps(body).encode()
            return f"http://127.0.0.1:{server.server_port}{path}"

        yield serve
        server.shutdown()
        thread.join()


class TestPriceChanges:
    def test_each_price_that_differs_has_a_line(self, serve: Any) -> None:
        tiers = {"base": 2, "tiers": [{"start": 1000, "price": 4}]}
        before = provider(a={"input_mtok": 2, "output_mtok": 8}, b={"input_mtok": 1})
        after = provider(
            a={"input_mtok": tiers, "output_mtok": 6, "web_searches_kcount": 10},
            c={"input_mtok": 0.15},
        )
        old, new = (fetch_list(serve(f"/{n}", [each])) for n, each in enumerate((before, after)))
        assert [change.line() for change in price_changes(old, new)] == [
            "openai a: output: 8 -> 6 USD (a million tokens)",
            "openai a: web_searches: none -> 0.01 USD (each)",
            "openai a: input above 1000 tokens: 2 -> 4 USD (a million tokens)",
            "openai a: output above 1000 tokens: 8 -> 6 USD (a million tokens)",
            "openai a: web_searches above 1000 tokens: none -> 0.01 USD (each)",
            "openai b: input: 1 -> none USD (a million tokens)",
            "openai b: output: 0 -> none USD (a million tokens)",
            "openai c: input: none -> 0.15 USD (a million tokens)",
            "openai c: output: none -> 0 USD (a million tokens)",
        ]
        assert list(price_changes(new, new)) == []


class TestFetchList:
    @pytest.mark.parametrize("body", [b"", b"no json", b"{}", b"[1]", b'[{"id":"x"}]'])
    def test_what_is_no_list_is_told(self, serve: Any, body: bytes) -> None:
        with pytest.raises(ListUnavailable):
            fetch_list(serve("/list", body))

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1/none", "no address", "ftp://x"])
    def test_an_address_without_one_is_told(self, url: str) -> None:
        with pytest.raises(ListUnavailable):
            fetch_list(url)

    def test_so_is_a_refusal(self, serve: Any) -> None:
        url = serve("/list", [])
        with pytest.raises(ListUnavailable, match="404"):
            fetch_list(url + "-of-others")
