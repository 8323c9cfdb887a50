"""The table of jobs."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_llm.database import Base, Moment

QUEUED, RUNNING = "queued", "running"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
UNFINISHED = (QUEUED, RUNNING)
STATUSES = (QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED)


class Job(Base):
    """`body` is the call's, byte for byte, until the job has ended; `response_…` the gateway's
    answer, as it came, and `request_id` is what the gateway called it. Both texts may have many
    megabytes: a statement has to ask for them, and reading them otherwise raises. While a job
    runs, its worker holds it until `leased_until`. `waits` counts how often a limit has refused it
    for the time being; the last of them was the limit `waiting_for`, and it is to be tried again
    at `waiting_until`."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    org: Mapped[str] = mapped_column(String(40))
    project: Mapped[str | None] = mapped_column(String(40))
    key: Mapped[str | None] = mapped_column(String(40))
    user: Mapped[str | None] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(8))
    endpoint: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    leased_until: Mapped[Moment | None]
    response_status: Mapped[int | None]
    response_type: Mapped[str | None] = mapped_column(String(128))
    response_body: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, deferred_raiseload=True
    )
    error: Mapped[str | None] = mapped_column(String(512))
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    waits: Mapped[int] = mapped_column(server_default="0")
    waiting_until: Mapped[Moment | None]
    waiting_for: Mapped[str | None] = mapped_column(String(64))
    client_request_id: Mapped[str | None] = mapped_column(String(128))
    request_id: Mapped[str | None] = mapped_column(String(128))
    finished_at: Mapped[Moment | None]
