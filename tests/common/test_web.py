"""What every service does around its views."""

from flask import Flask
from prometheus_client import REGISTRY

from tollgate_common.settings import CommonSettings
from tollgate_common.web import make_app


def counted(method: str) -> float | None:
    labels = {"service": "counting", "method": method, "route": "unmatched", "status": "404"}
    return REGISTRY.get_sample_value("tollgate_http_requests_total", labels)


def test_methods_that_callers_make_up_are_one_label() -> None:
    app: Flask = make_app("counting", CommonSettings())
    client = app.test_client()
    for number in range(3):
        client.open("/nowhere", method=f"MADEUP{number}")
    client.get("/nowhere")
    assert counted("other") == 3
    assert counted("GET") == 1
    assert counted("MADEUP0") is None


def test_inside_a_request_keeps_the_id_that_was_passed_on() -> None:
    client = make_app("naming", CommonSettings()).test_client()
    named = client.get("/nowhere", headers={"x-request-id": "abc-1"}).headers["x-request-id"]
    odd = client.get("/nowhere", headers={"x-request-id": "a b"}).headers["x-request-id"]
    assert named == "abc-1"
    assert odd.startswith("req_")
