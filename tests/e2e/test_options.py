"""OPTIONS says what a route has, to anyone, and no more than it has."""

import pytest
import requests

from tests.e2e.platform import Platform


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/chat/completions", {"POST"}),
        ("/v1/models", {"GET", "HEAD"}),
        ("/v1/models/a/b", {"GET", "HEAD"}),
        ("/v1/jobs", {"POST"}),
        ("/v1/jobs/job_1", {"GET", "HEAD", "DELETE"}),
        ("/v1/nowhere", set()),
        ("/api/v1/auth/login", {"POST"}),
        ("/api/v1/keys", {"GET", "HEAD", "POST"}),
        ("/api/v1/providers/x", {"GET", "HEAD", "PUT", "DELETE"}),
        ("/api/v1/usage", {"GET", "HEAD"}),
        ("/oauth/token", {"POST"}),
        ("/openapi.json", {"GET", "HEAD"}),
    ],
)
def test_a_route_tells_its_own_methods(platform: Platform, path: str, methods: set[str]) -> None:
    answer = requests.options(platform.url + path, timeout=10)
    assert answer.status_code == 200
    assert set(answer.headers["allow"].split(", ")) == methods | {"OPTIONS"}
    assert not answer.content


def test_what_nobody_owns_has_no_options(platform: Platform) -> None:
    assert requests.options(f"{platform.url}/api/v1/nothing", timeout=10).status_code == 404


@pytest.mark.parametrize("models", [["*"], ["sandbox"]])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sandbox", "/v1/models/gpt-4o-mini"])
def test_head_is_answered_as_get_is(platform: Platform, path: str, models: list[str]) -> None:
    headers = {"authorization": f"Bearer {platform.new_key(models=models).secret}"}
    url = platform.url + path
    head = requests.head(url, headers=headers, timeout=10)
    answer = requests.get(url, headers=headers, timeout=10)
    assert answer.status_code == (403 if "gpt" in path and models != ["*"] else 200)
    assert head.status_code == answer.status_code
    assert head.headers["content-type"] == answer.headers["content-type"]
    assert not head.content
