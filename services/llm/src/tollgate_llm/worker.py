"""`tollgate-llm worker`: runs jobs."""

import threading

from prometheus_client import start_http_server

from tollgate_common import queues
from tollgate_llm.app import create_app
from tollgate_llm.composition import service_tokens
from tollgate_llm.extensions import db
from tollgate_llm.jobs.client import GatewayClient
from tollgate_llm.jobs.jobs import EXTENSION
from tollgate_llm.jobs.queue import QUEUE
from tollgate_llm.jobs.runner import JobRunner
from tollgate_llm.settings import WorkerSettings


def work(settings: WorkerSettings) -> None:
    """Run jobs until told to stop; the one that runs then is finished first."""
    app = create_app(settings)
    redis = queues.connect(str(settings.redis_url))
    gateway = GatewayClient(settings.gateway_url, service_tokens(settings), settings.job_timeout)
    stop = threading.Event()
    with app.app_context():
        runner = JobRunner(db.engine, redis, gateway, settings.job_timeout)
        app.extensions[EXTENSION] = runner
        start_http_server(settings.metrics_port, addr=settings.host)
        threading.Thread(target=runner.sweep, args=(stop,), name="sweep", daemon=True).start()
        queues.run_worker(redis, [QUEUE])
        stop.set()
