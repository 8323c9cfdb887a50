"""A process takes so many requests and tells the rest so, at once."""

import pytest
from flask import Flask, Response

from tollgate_common.load import Full, Load


def test_what_is_too_much_is_503_and_readiness_says_so() -> None:
    load = Load(2)
    for _ in range(2):
        load.check()
        load.enter()
    with pytest.raises(Full) as refused:
        load.enter()
    assert (refused.value.http_status, refused.value.headers["retry-after"]) == (503, "1")
    with pytest.raises(Full):
        load.check()
    load.leave()
    load.enter()


def test_a_request_counts_until_its_answer_is_sent() -> None:
    app, load = Flask("test"), Load(1)

    @app.get("/")
    def view() -> Response:
        load.enter()
        return load.until_sent(Response(iter([b"a", b"b"]), direct_passthrough=True))

    client = app.test_client()
    with client.get("/") as answer:
        assert load.now == 1
        assert answer.get_data() == b"ab"
    assert load.now == 0
