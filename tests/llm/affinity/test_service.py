"""Where ids are kept, for whom they open, and what happens while Redis is away."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis import Redis

from tollgate_common import stores
from tollgate_common.embedded.process import free_port
from tollgate_common.errors import DependencyDown
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id
from tollgate_common.sealing import derived_key
from tollgate_llm.affinity.errors import ForeignId, SeveralProviders, TooManyIds
from tollgate_llm.affinity.models import MAX_IDS, Owner, Scope
from tollgate_llm.affinity.repository import IdRepository
from tollgate_llm.affinity.service import AffinityService
from tollgate_llm.providers.kinds import Provider

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"l" * 32).decode()
RESPONSES = "/v1/responses"
PROVIDER = Provider(
    name="left", kind="openai", base_url="http://x/v1", api_key="sk", source="organisation"
)
OWNER = Owner.of(PROVIDER)
FOLLOW_UP = b'{"model":"m","input":"x","previous_response_id":"resp_1"}'
ANSWER = b'{"id":"resp_1","output":[{"type":"message","id":"msg_1"}]}'


@pytest.fixture
def caller() -> Caller:
    return Caller(new_id("org"), "key", "live", frozenset(), project="prj", user="usr")


@pytest.fixture
def repository(redis_client: Redis) -> IdRepository:
    return IdRepository(redis_client, KEY)


@pytest.fixture
def away() -> Iterator[AffinityService]:
    """A service whose Redis takes no connection."""
    redis = stores.connect(f"redis://127.0.0.1:{free_port()}")
    yield AffinityService(IdRepository(redis, KEY))
    redis.close()


def test_what_was_added_is_its_scopes(repository: IdRepository, caller: Caller) -> None:
    scope = Scope.of(caller)
    repository.add(scope, ["resp_1", "\ud83d"], OWNER)
    found = repository.get(scope, ["resp_1", "resp_2", "\ud83d"])
    assert found == [OWNER, None, OWNER]
    for change in ({"org": "o"}, {"mode": "test"}, {"project": "p"}):
        assert repository.get(scope._replace(**change), ["resp_1"]) == [None]


def test_without_the_key_nothing_is_found_and_nothing_opens(
    redis_client: Redis, repository: IdRepository, caller: Caller
) -> None:
    scope = Scope.of(caller)
    repository.add(scope, ["resp_1"], OWNER)
    assert IdRepository(redis_client, OTHER_KEY).get(scope, ["resp_1"]) == [None]


def test_what_is_kept_opens_for_no_other_id(
    redis_client: Redis, repository: IdRepository, caller: Caller
) -> None:
    """A value that somebody copies to another key in Redis is nobody's."""
    scope, before = Scope.of(caller), set(redis_client.scan_iter("llm:id:*"))
    repository.add(scope, ["mine"], OWNER)
    (mine,) = set(redis_client.scan_iter("llm:id:*")) - before
    repository.add(scope, ["other"], OWNER)
    (other,) = set(redis_client.scan_iter("llm:id:*")) - before - {mine}
    kept: Any = redis_client.get(mine)
    redis_client.set(other, kept)
    assert repository.get(scope, ["mine", "other"]) == [OWNER, None]


def test_a_user_without_a_project_has_what_they_got_themselves() -> None:
    scopes = {
        Scope.of(Caller("o", "user", "live", frozenset(), user="a")),
        Scope.of(Caller("o", "user", "live", frozenset(), user="b")),
        Scope.of(Caller("o", "user", "live", frozenset(), project="p", user="a")),
        Scope.of(Caller("o", "user", "live", frozenset(), project="p", user="b")),
    }
    assert len(scopes) == 3


def test_the_error_names_the_field_that_is_not_the_callers(
    repository: IdRepository, caller: Caller
) -> None:
    service = AffinityService(repository)
    repository.add(Scope.of(caller), ["resp_1", "file-1"], OWNER)
    items = [
        {"role": "user", "content": [{"type": "input_file", "file_id": name}]}
        for name in ("file-1", "file-2")
    ]
    body = json.dumps({"previous_response_id": "resp_1", "input": items}).encode()
    with pytest.raises(ForeignId) as refused:
        service.of_request(RESPONSES, caller, body)
    assert refused.value.param == "input.1.content.0.file_id"
    assert "file-2" not in refused.value.detail


def test_the_platforms_account_is_not_the_organisations(
    repository: IdRepository, caller: Caller
) -> None:
    service, scope = AffinityService(repository), Scope.of(caller)
    repository.add(scope, ["resp_1"], OWNER)
    repository.add(scope, ["cntr_1"], Owner("left", "platform", "http://x/v1"))
    tools = [{"type": "code_interpreter", "container": "cntr_1"}]
    body = json.dumps({"previous_response_id": "resp_1", "tools": tools}).encode()
    with pytest.raises(SeveralProviders):
        service.of_request(RESPONSES, caller, body)


def test_an_id_that_cannot_be_looked_up_is_503(away: AffinityService, caller: Caller) -> None:
    with pytest.raises(DependencyDown) as refused:
        away.of_request(RESPONSES, caller, FOLLOW_UP)
    assert refused.value.http_status == 503
    assert "`previous_response_id`" in refused.value.detail
    away.of_request(RESPONSES, caller, b'{"model":"m","input":"x"}')


def test_an_answer_whose_ids_cannot_be_kept_is_counted(
    away: AffinityService, caller: Caller
) -> None:
    name = "tollgate_provider_ids_not_kept_total"
    before = REGISTRY.get_sample_value(name) or 0
    keeper = away.keeper(RESPONSES, caller, b"{}", None)
    assert keeper is not None
    keeper.keep_whole(PROVIDER, ANSWER)
    assert (REGISTRY.get_sample_value(name) or 0) - before == 2


def test_one_call_has_so_many_ids_and_no_more(repository: IdRepository, caller: Caller) -> None:
    """Nobody keeps the process busy with looking up, nor Redis full."""
    service, scope = AffinityService(repository), Scope.of(caller)
    items = [{"type": "message", "id": f"msg_{number}"} for number in range(MAX_IDS + 1)]
    keeper = service.keeper(RESPONSES, caller, b"{}", None)
    assert keeper is not None
    keeper.keep_whole(PROVIDER, json.dumps({"output": items}).encode())
    assert repository.get(scope, [f"msg_{MAX_IDS - 1}", f"msg_{MAX_IDS}"]) == [OWNER, None]
    known = [{"type": "item_reference", "id": each["id"]} for each in items[:MAX_IDS]]
    service.of_request(RESPONSES, caller, json.dumps({"input": known * 2}).encode())
    more = [*known, {"type": "item_reference", "id": "msg_x"}]
    with pytest.raises(TooManyIds):
        service.of_request(RESPONSES, caller, json.dumps({"input": more}).encode())


@pytest.mark.parametrize(
    ("path", "body", "keeps"),
    [
        (RESPONSES, b"{}", True),
        ("/v1/messages", b"{}", True),
        ("/v1/chat/completions", b'{"modalities":["text","audio"]}', True),
        ("/v1/chat/completions", b"{}", False),
        ("/v1/embeddings", b"{}", False),
        ("/v1/messages/count_tokens", b"{}", False),
    ],
)
def test_only_answers_that_can_bring_ids_are_read(
    away: AffinityService, caller: Caller, path: str, body: bytes, keeps: bool
) -> None:
    assert (away.keeper(path, caller, body, None) is not None) == keeps


def test_a_derived_key_is_its_purposes_own() -> None:
    keys = {derived_key(key, purpose) for key in (KEY, OTHER_KEY) for purpose in ("a", "b")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
