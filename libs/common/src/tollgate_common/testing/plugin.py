"""pytest plugin: real PostgreSQL and Redis as fixtures. Loaded in every run, so it imports little.

`postgres_url`, `redis_url`: the servers. `database_url`: an empty database of this worker's own.
`redis_database`, `redis_client`: a Redis database of its own, empty at the start of each test.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import redis


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases may be made (its user may do so)."""
    from tollgate_common.testing.servers import postgres_server

    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of a Redis server. For data of your own take `redis_database` or `redis_client`."""
    from tollgate_common.testing.servers import redis_server

    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """URL of an empty database for the whole session of this worker; dropped at its end."""
    from tollgate_common.testing.servers import fresh_database

    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator["redis.Redis"]:
    """A client (bytes in, bytes out) of this worker's Redis database, which is empty."""
    import redis

    from tollgate_common.testing.servers import own_redis_database, worker_number

    with redis.Redis.from_url(own_redis_database(redis_url, worker_number())) as client:
        client.flushdb()
        yield client


@pytest.fixture
def redis_database(redis_url: str, redis_client: "redis.Redis") -> str:
    """URL of this worker's Redis database, which is empty."""
    from tollgate_common.testing.servers import own_redis_database, worker_number

    return own_redis_database(redis_url, worker_number())
