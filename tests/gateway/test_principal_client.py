from typing import Any, cast

import pytest
import requests

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_gateway.principals.client import PrincipalClient


class Auth:
    """Answers every look-up with one status, and hands out tokens."""

    def __init__(self, status: int) -> None:
        self.status = status

    def request(self, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = self.status
        return answer

    def get(self, audience: str, scope: str) -> str:
        return f"{audience} {scope}"


def client(status: int) -> PrincipalClient:
    auth = Auth(status)
    return PrincipalClient(cast(ControlClient, auth), cast(ServiceTokens, auth))


@pytest.mark.parametrize("status", [404, 422])
def test_nobody_has_a_name_that_auth_does_not_know_or_that_is_none(status: int) -> None:
    assert client(status).find({"session_id": "none"}) is None


@pytest.mark.parametrize("status", [401, 403, 429])
def test_another_refusal_says_nothing_about_the_caller(status: int) -> None:
    with pytest.raises(DependencyDown):
        client(status).find({"session_id": "ses_1"})
