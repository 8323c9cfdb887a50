"""rq's cron queues jobs that our workers can read."""

from datetime import UTC, datetime

from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, text

from tollgate_common import queues
from tollgate_reports.schedules.clock import TASKS, clock


def test_at_the_start_every_task_is_due_and_a_worker_can_run_it(
    job_environment: None, engine: Engine, redis_client: Redis
) -> None:
    month = f"{datetime.now(UTC):%Y_%m}"
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE ledger_{month}"))
    scheduler = clock(redis_client)
    assert len(scheduler.enqueue_jobs()) == len(TASKS)
    assert scheduler.enqueue_jobs() == []
    scheduler.save()

    queue = queues.make_queue(redis_client, "reports")
    assert queue.count == len(TASKS)
    worker = SimpleWorker([queue], connection=redis_client, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")
    assert queue.failed_job_registry.count == 0
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT to_regclass('ledger_{month}')")) is not None
