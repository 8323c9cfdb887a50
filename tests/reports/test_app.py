"""The service as a whole: what it documents, who may call it, whether it is ready."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tollgate_common.embedded.process import free_port
from tollgate_reports.app import create_app
from tollgate_reports.extensions import db
from tollgate_reports.settings import ReportsSettings


def test_swagger_names_every_route_of_the_management_api(app: Flask) -> None:
    document = app.test_client().get("/api/v1/swagger.json").get_json()
    assert set(document["paths"]) == {
        "/usage", "/usage/unpriced",
        "/requests", "/requests/{request_id}", "/requests/{request_id}/adjustments",
        "/reports", "/reports/{report_id}", "/reports/{report_id}/download",
    }  # fmt: skip
    assert {"Usage", "RequestRow", "Report", "ReportRequest"} <= set(document["definitions"])


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("root", "restx_doc.static"):  # flask-restx's own: 404; Swagger UI
            continue
        view = app.view_functions[rule.endpoint]
        resource = getattr(view, "view_class", None)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        marked = [getattr(resource, name.lower()) for name in methods] if resource else [view]
        assert all(hasattr(method, "policy") for method in marked), rule


def test_it_is_ready_when_postgresql_and_redis_answer(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ready", "checks": {"postgres": "ok", "redis": "ok"}}


def test_without_postgresql_it_answers_503_and_is_not_ready(
    settings: ReportsSettings, client: Callable[..., FlaskClient], app: Flask
) -> None:
    away = create_app(
        settings.model_copy(
            update={"database_url": f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"}
        )
    )
    away.extensions["tollgate_guard"] = app.extensions["tollgate_guard"]
    token = client().environ_base["HTTP_AUTHORIZATION"]
    answer = away.test_client().get("/api/v1/usage", headers={"authorization": token})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert away.test_client().get("/readyz").status_code == 503
    with away.app_context():
        db.engine.dispose()


def test_without_redis_reports_are_taken_and_usage_is_told(
    settings: ReportsSettings, client: Callable[..., FlaskClient], app: Flask, redis_client: Redis
) -> None:
    away = create_app(settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}"}))
    away.extensions["tollgate_guard"] = app.extensions["tollgate_guard"]
    caller = away.test_client()
    caller.environ_base["HTTP_AUTHORIZATION"] = client().environ_base["HTTP_AUTHORIZATION"]
    assert caller.get("/api/v1/usage").get_json()["as_of"] is None
    assert caller.post("/api/v1/reports", json={"type": "usage"}).status_code == 202
    with away.app_context():
        db.engine.dispose()
