"""PostgreSQL and Redis of the stack: our own, or those that DATABASE_URL and REDIS_URL name."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.local.errors import CannotStart
from deploy.local.programs import Program
from deploy.local.secret import Secrets
from deploy.local.settings import LocalSettings
from deploy.local.waiting import Check
from tollgate_common.embedded.postgres import Postgres
from tollgate_common.embedded.redis import Redis

CONNECT_SECONDS = 5


@dataclass(frozen=True)
class DataServers:
    """`postgres` and `redis` are None where somebody else's server is used."""

    database_url: str
    redis_url: str
    postgres: Postgres | None
    redis: Redis | None

    @classmethod
    def of(cls, settings: LocalSettings, secrets: Secrets, state: Path) -> "DataServers":
        postgres = Postgres(state / "postgres", settings.postgres_port, secrets.postgres_password)
        redis = Redis(
            state / "redis",
            settings.redis_port,
            secrets.redis_password,
            settings.redis_appendfsync,
        )
        return cls(
            database_url=_plain(settings.database_url or postgres.url()),
            redis_url=str(settings.redis_url or redis.url),
            postgres=None if settings.database_url else postgres,
            redis=None if settings.redis_url else redis,
        )

    def check_foreign(self) -> None:
        """Raises CannotStart where a server of somebody else does not let us in."""
        if not self.postgres:
            check_database(self.database_url)
        if not self.redis:
            check_redis(self.redis_url)

    def prepare(self) -> list[Program]:
        """Make the data folders of our own servers; the programs to run."""
        programs = []
        if self.postgres:
            self.postgres.prepare()
            programs.append(Program("postgres", self.postgres.command()))
        if self.redis:
            self.redis.prepare()
            programs.append(Program("redis", self.redis.command()))
        return programs

    def checks(self) -> dict[str, Check]:
        """How our own servers show that they are ready."""
        own = {"postgres": self.postgres, "redis": self.redis}
        return {name: _check(server) for name, server in own.items() if server}

    def finish(self) -> None:
        """What remains to do once our own servers are ready."""
        if self.postgres:
            self.postgres.ensure_database()


def _plain(url: object) -> str:
    """A PostgreSQL URL without the driver that SQLAlchemy's spelling may name."""
    return f"postgresql://{str(url).partition('://')[2]}"


def _check(server: Postgres | Redis) -> Check:
    return lambda: None if server.ready() else "it takes no connections yet"


def check_database(url: str) -> None:
    """Raises CannotStart, without the password, unless a connection can be made."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS):
            return
    except psycopg.Error as error:
        raise CannotStart(_refusal("DATABASE_URL", "PostgreSQL", url, error)) from None


def check_redis(url: str) -> None:
    """Raises CannotStart, without the password, unless it answers."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS) as client:
            client.ping()
    except redis.RedisError as error:
        raise CannotStart(_refusal("REDIS_URL", "Redis", url, error)) from None


def _refusal(name: str, kind: str, url: str, error: Exception) -> str:
    parts = urlsplit(url)
    reason = str(error).strip().split("\n", 1)[0]
    for secret in (parts.password, unquote(parts.password or "")):
        reason = reason.replace(secret, "***") if secret else reason
    where = f"{parts.hostname}:{parts.port or 'its usual port'}"
    return (
        f"{name}: {kind} at {where} cannot be used: {reason.rstrip('.')}."
        f" Start it or correct {name}, or leave {name} out: then we start a server of our own."
    )
