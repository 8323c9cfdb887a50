import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from tollgate_gateway.hops import target


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/v1/models/a%2Fb?x=%20y", "/v1/models/a%2Fb?x=%20y"),
        ("http://elsewhere.example/v1/models?x=1", "/v1/models?x=1"),
        ("http://elsewhere.example", "/"),
        ("//elsewhere.example/v1/models", "//elsewhere.example/v1/models"),
    ],
)
def test_the_path_goes_on_as_it_came_and_never_a_host(line: str, expected: str) -> None:
    query = line.partition("?")[2]
    environ = EnvironBuilder(query_string=query).get_environ() | {"RAW_URI": line}
    assert target(Request(environ)) == expected
