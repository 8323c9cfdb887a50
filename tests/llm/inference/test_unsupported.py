"""What holds for fields that a translation cannot say: by the header, the key, the model, the
organisation; over a translation of the other dialect, and beside the cache."""

import itertools
import json
from typing import Any

import msgspec
import pytest

from tests.llm.inference.test_relay import send
from tests.llm.inference.test_translated import ANSWER, MESSAGES
from tests.llm.stand import Provider, Stand
from tollgate_common.unsupported import Unsupported
from tollgate_llm.inference.unsupported import unsupported_of
from tollgate_llm.routing.models import Stored

LEVELS: tuple[Unsupported | None, ...] = (None, "refuse", "drop")
HEADERS = {"true": "drop", "TRUE": "drop", " True ": "drop", "false": "refuse", "False": "refuse"}
COMBINATIONS = list(itertools.product(LEVELS, repeat=3))
SILENT = (None, "", " ", "yes", "1", "0", "no", "drop", "refuse", "true, false", "truefalse")
ROUTES = [{"provider": "own", "model": "there"}]
# As Claude Code sends it, and a field that chat completions have no words for.
ASKED = {
    "model": "here",
    "max_tokens": 50,
    "top_k": 5,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "hello"}],
    "metadata": {"user_id": "u"},
}


class TestUnsupportedOf:
    @pytest.mark.parametrize("levels", COMBINATIONS)
    @pytest.mark.parametrize("header", SILENT)
    def test_the_first_level_that_states_it_holds_and_without_any_it_is_refuse(
        self, header: str | None, levels: tuple[Unsupported | None, ...]
    ) -> None:
        key, model, organisation = levels
        expected = next((level for level in levels if level is not None), "refuse")
        assert unsupported_of(header, key, model, organisation) == expected

    @pytest.mark.parametrize("levels", COMBINATIONS)
    @pytest.mark.parametrize("header", HEADERS)
    def test_the_header_goes_before_every_level(
        self, header: str, levels: tuple[Unsupported | None, ...]
    ) -> None:
        assert unsupported_of(header, *levels) == HEADERS[header]

    @pytest.mark.parametrize(
        ("header", "key", "model", "organisation", "expected"),
        [
            (None, None, None, None, "refuse"),
            (None, None, None, "drop", "drop"),
            (None, None, "refuse", "drop", "refuse"),
            (None, None, "drop", "refuse", "drop"),
            (None, "refuse", "drop", "drop", "refuse"),
            (None, "drop", "refuse", "refuse", "drop"),
            ("false", "drop", "drop", "drop", "refuse"),
            ("true", "refuse", "refuse", "refuse", "drop"),
        ],
    )
    def test_the_order_of_the_levels(
        self,
        header: str | None,
        key: Unsupported | None,
        model: Unsupported | None,
        organisation: Unsupported | None,
        expected: str,
    ) -> None:
        assert unsupported_of(header, key, model, organisation) == expected


@pytest.fixture
def answering(provider: Provider) -> Provider:
    body = json.dumps(ANSWER).encode()
    provider.script = [provider.answers(body, "content-type: application/json")]
    return provider


def set_model(stand: Stand, org: str, **more: Any) -> dict[str, Any]:
    body = {"routes": ROUTES, **more}
    answer = stand.manage("PUT", "/api/v1/models/here", org, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ask(
    stand: Stand, org: str, claims: dict[str, str] | None = None, **headers: str
) -> tuple[int, str | None, Any]:
    """The status, what was left out, and the answer, for a caller with these claims."""
    bearer = stand.issuer.assertion(org, mode="live", **(claims or {}))
    sent = {"authorization": f"Bearer {bearer}", "anthropic-version": "2023-06-01", **headers}
    _, answer, connection = send(stand, org, json.dumps(ASKED).encode(), MESSAGES, **sent)
    content = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers["x-tollgate-dropped-params"], content


class TestTranslated:
    def test_a_field_is_refused_where_nobody_states_anything(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        status, dropped, content = ask(stand, org)
        assert (status, dropped, answering.received) == (400, None, [])
        assert "`top_k`" in content["error"]["message"]
        assert "`unsupported`" in content["error"]["message"]

    @pytest.mark.parametrize("level", ["key_unsupported", "org_unsupported"])
    def test_it_is_left_out_and_listed_where_the_assertion_says_so(
        self, stand: Stand, org: str, answering: Provider, level: str
    ) -> None:
        status, dropped, content = ask(stand, org, {level: "drop"})
        assert (status, content["content"][0]["text"]) == (200, "hi there")
        assert "top_k" in str(dropped).split(", ")
        assert "top_k" not in json.loads(answering.received[0].body)

    def test_it_is_left_out_where_the_model_says_so_and_the_key_does_not_object(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        set_model(stand, org, unsupported="drop")
        assert ask(stand, org)[0] == 200
        assert ask(stand, org, {"org_unsupported": "refuse"})[0] == 200
        assert ask(stand, org, {"key_unsupported": "refuse"})[0] == 400
        set_model(stand, org, unsupported="refuse")
        assert ask(stand, org, {"org_unsupported": "drop"})[0] == 400
        assert ask(stand, org, {"key_unsupported": "drop"})[0] == 200

    def test_the_header_goes_before_all_of_them(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        every = {"key_unsupported": "drop", "org_unsupported": "drop"}
        set_model(stand, org, unsupported="drop")
        assert ask(stand, org, every, **{"x-tollgate-drop-params": "false"})[0] == 400
        none = {"key_unsupported": "refuse", "org_unsupported": "refuse"}
        set_model(stand, org, unsupported="refuse")
        assert ask(stand, org, none, **{"x-tollgate-drop-params": "true"})[0] == 200

    def test_a_value_that_a_newer_auth_may_know_drops_nothing(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        assert ask(stand, org, {"key_unsupported": "ask"})[0] == 400


class TestCached:
    def test_who_is_to_be_refused_gets_no_answer_to_less_than_was_asked(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        set_model(stand, org, cache={"max_age": 60})
        drop = {"key_unsupported": "drop"}
        assert ask(stand, org, drop)[0] == ask(stand, org, drop)[0] == 200
        assert len(answering.received) == 1
        assert ask(stand, org)[0] == 400

    def test_a_hit_lists_what_was_left_out(
        self, stand: Stand, org: str, answering: Provider
    ) -> None:
        set_model(stand, org, cache={"max_age": 60}, unsupported="drop")
        first, second = ask(stand, org), ask(stand, org)
        assert first == second
        assert len(answering.received) == 1


class TestModel:
    @pytest.mark.parametrize("value", ["refuse", "drop", None])
    def test_it_is_answered_got_and_listed(self, stand: Stand, org: str, value: Any) -> None:
        routes = [{"provider": "sandbox", "model": "sandbox"}]
        made = set_model(stand, org, routes=routes, unsupported=value)
        got = stand.manage("GET", "/api/v1/models/here", org).json()
        listed = stand.manage("GET", "/api/v1/models?name=here", org).json()["data"]
        values = [model["unsupported"] for model in (made, got, *listed)]
        assert values == [value] * 3
        assert set_model(stand, org, routes=routes)["unsupported"] is None

    def test_a_copy_that_an_older_llm_has_made_states_nothing(self) -> None:
        older = b'{"providers":[],"models":[{"name":"a","routes":[],"strategy":"fallback"}]}'
        [model] = msgspec.json.decode(older, type=Stored).models
        assert model.unsupported is None

    @pytest.mark.parametrize("wrong", ["", "DROP", "allow", True, 1, ["drop"]])
    def test_a_value_that_is_none_is_422_and_named(
        self, stand: Stand, org: str, wrong: Any
    ) -> None:
        body = {"routes": ROUTES, "unsupported": wrong}
        answer = stand.manage("PUT", "/api/v1/models/here", org, json=body)
        assert (answer.status_code, answer.json()["param"]) == (422, "unsupported")
