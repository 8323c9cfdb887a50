"""What of a caller's headers and address reaches a provider, and what of a provider's headers the
caller: rules without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.inference.dropped import MAX_CHARACTERS, dropped_text
from tollgate_llm.inference.headers import dropped_headers, to_client, to_provider
from tollgate_llm.inference.query import split_query

ACCOUNT_HEADERS = [
    "openai-organization",
    "openai-project",
    "openai-organization-id",
    "anthropic-workspace-id",
    "anthropic-organization-id",
    "anthropic-user-profile-id",
    "x-goog-user-project",
]
PROTOCOL_HEADERS = [
    "openai-beta",
    "anthropic-beta",
    "anthropic-version",
    "anthropic-dangerous-direct-browser-access",
    "openai-new",
    "anthropic-processing-organic",
    "x-stainless-lang",
]


def environ(*names: str) -> dict[str, str]:
    return {f"HTTP_{name.upper().replace('-', '_')}": "chosen" for name in names}


class TestHeadersToProviders:
    @pytest.mark.parametrize("name", ACCOUNT_HEADERS)
    def test_what_chooses_an_account_is_dropped_and_listed(self, name: str) -> None:
        sent = environ("openai-beta", name)
        passed = to_provider(sent, {}, "call")
        assert passed["openai-beta"] == "chosen"
        assert name not in passed
        assert dropped_headers(sent) == (f"header:{name}",)

    def test_the_protocols_own_headers_pass(self) -> None:
        sent = environ(*PROTOCOL_HEADERS)
        passed = to_provider(sent, {}, "call")
        assert {name for name in passed if passed[name] == "chosen"} == set(PROTOCOL_HEADERS)
        assert dropped_headers(sent) == ()


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "passed", "dropped"),
        [
            ("", "", ()),
            ("beta=true", "?beta=true", ()),
            ("beta=a%20b&beta=2", "?beta=a%20b&beta=2", ()),
            ("b%65ta=1", "?b%65ta=1", ()),
            ("beta", "?beta", ()),
            ("api-version=9", "", ("query:api-version",)),
            ("api%2Dversion=9", "", ("query:api-version",)),
            ("Beta=1&&organization=evil", "", ("query:Beta", "query:organization")),
            ("beta=1;api-version=9", "", ("query:beta",)),
            ("beta;api-version=9", "", ("query:beta",)),
            ("x=1&beta=true&y=2&x=3", "?beta=true", ("query:x", "query:y")),
            ("include[]=a,b", "", ("query:include[]",)),
            ("a%0D%0Ab,c=1", "", ("query:a%0D%0Ab%2Cc",)),
        ],
    )
    def test_what_a_route_defines_passes_and_the_rest_is_listed(
        self, query: str, passed: str, dropped: tuple[str, ...]
    ) -> None:
        assert split_query(query) == (passed, dropped)

    def test_many_long_names_make_a_short_list(self) -> None:
        long = "&".join(f"{number}{'x' * 200}=1" for number in range(100))
        _, dropped = split_query(long)
        assert len(dropped_text(dropped)) < 2000


class TestDroppedText:
    @given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
    def test_any_names_make_a_header_that_a_server_sends(self, names: list[str]) -> None:
        text = dropped_text(names)
        assert text.isascii()
        assert text.isprintable()

    def test_what_has_no_room_is_left_out_by_whole_names(self) -> None:
        text = dropped_text([f"messages.{number}.name" for number in range(1000)])
        assert len(text) <= MAX_CHARACTERS
        assert text.endswith(".name,...")
        assert len(dropped_text(["x" * 1_000_000])) <= MAX_CHARACTERS

    def test_a_line_end_is_escaped(self) -> None:
        assert dropped_text(["a\r\nset-cookie: b", "ü"]) == "a\\r\\nset-cookie: b, \\xfc"


KEPT_BACK = [
    "Clear-Site-Data",
    "Refresh",
    "Location",
    "Content-Location",
    "Link",
    "Service-Worker-Allowed",
    "Set-Cookie",
    "Content-Security-Policy-Report-Only",
    "Access-Control-Max-Age",
    "Cross-Origin-Opener-Policy",
    "X-Accel-Redirect",
    "X-Sendfile",
    "X-Frame-Options",
    "x-tollgate-cost-usd",
]


@pytest.mark.parametrize("name", KEPT_BACK)
def test_a_providers_header_about_an_origin_is_kept_back(name: str) -> None:
    others = [("x-new", "2"), ("X-Accel-Buffering", "no")]
    assert to_client([(name, "1"), *others]) == others
