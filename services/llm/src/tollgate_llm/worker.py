"""`tollgate-llm worker`: runs jobs. It calls the gateway, so of the service it needs the tables."""

import threading
from datetime import timedelta

from flask import Flask
from prometheus_client import start_http_server

from tollgate_common import logging, queues
from tollgate_common.db import make_engine
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_llm.extensions import SCHEMA
from tollgate_llm.jobs.client import GatewayClient
from tollgate_llm.jobs.jobs import EXTENSION
from tollgate_llm.jobs.queue import QUEUE
from tollgate_llm.jobs.runner import JobRunner
from tollgate_llm.jobs.turns import Turns
from tollgate_llm.settings import WorkerSettings

NAME = "llm-worker"
CLIENT_ID = "llm"
CONNECTIONS = 4
"""To PostgreSQL, twice as many at most: a job needs one for moments only."""


def work(settings: WorkerSettings) -> None:
    """Run jobs until told to stop; those that run then are finished first."""
    logging.configure(settings, NAME)
    redis = queues.connect(settings.queues())
    secret = settings.secret("service_client_secret")
    tokens = ServiceTokens(ControlClient("auth", settings.auth_url), CLIENT_ID, secret)
    gateway = GatewayClient(settings.gateway_url, tokens, settings.job_timeout)
    engine = make_engine(settings.database(), SCHEMA, pool_size=CONNECTIONS)
    runner = JobRunner(
        engine,
        gateway,
        timeout=settings.job_timeout,
        lifetime=settings.job_lifetime,
        retention=timedelta(days=settings.job_retention_days),
    )
    turns = Turns(runner, settings.jobs_at_once)
    start_http_server(settings.metrics_port, addr=settings.host)
    app = Flask(NAME)  # how rq's jobs find the turns
    app.extensions[EXTENSION] = turns
    ends = [threading.Event(), threading.Event()]
    began = [
        threading.Thread(target=target, args=(end,), daemon=True)
        for target, end in zip((turns.run, runner.watch), ends, strict=True)
    ]
    for thread in began:
        thread.start()
    with app.app_context():
        queues.run_worker(redis, [QUEUE])
    for thread, end in zip(began, ends, strict=True):  # what runs is watched until it has ended
        end.set()
        turns.wake()
        thread.join()
