"""What rq jobs work with: rq hands them their arguments and nothing else. Made with the first job
of a worker process, and kept."""

from functools import cache

from redis import Redis
from sqlalchemy import Engine

from tollgate_common import stores
from tollgate_reports.database import engine_of
from tollgate_reports.settings import WorkerSettings


@cache
def job_settings() -> WorkerSettings:
    return WorkerSettings.load()


@cache
def job_engine() -> Engine:
    return engine_of(job_settings())


@cache
def job_redis() -> Redis:
    return stores.connect(job_settings().queues())
