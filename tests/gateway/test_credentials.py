import pytest
from werkzeug.datastructures import Headers

from tollgate_common import keyformat
from tollgate_common.errors import Unauthorized
from tollgate_gateway.principals.credentials import ApiKey, Token, credential_of


def headers(**named: str) -> Headers:
    return Headers([(name.replace("_", "-"), value) for name, value in named.items()])


def test_a_key_is_taken_from_either_header_as_its_hash() -> None:
    key = keyformat.generate("test")
    expected = ApiKey(keyformat.hash_of(key))
    assert credential_of(headers(authorization=f"Bearer {key}")) == expected
    assert credential_of(headers(authorization=f"bearer  {key} ")) == expected
    assert credential_of(headers(x_api_key=key)) == expected


def test_a_token_is_told_from_a_key() -> None:
    assert credential_of(headers(authorization="Bearer a.b.c")) == Token("a.b.c")


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", "Basic abc", "Bearer tg_live_x", "Bearer sk-abc",
        "Bearer ' OR 1=1 --", "Bearer " + "x" * 10_000, "Bearer tg_live_" + "é" * 38,
        "Bearer " + "0" * 64,
    ],
)  # fmt: skip
def test_anything_else_is_401(value: str) -> None:
    with pytest.raises(Unauthorized):
        credential_of(headers(authorization=value))


def test_a_mistyped_key_is_recognised_without_asking_anyone() -> None:
    key = keyformat.generate("live")
    last = "a" if key[-1] != "a" else "b"
    with pytest.raises(Unauthorized, match="copied whole"):
        credential_of(headers(x_api_key=key[:-1] + last))
