"""What the services expect of their Redis client, on a real Redis."""

import threading
from typing import Any

from redis import Redis

from tollgate_common import stores


def test_a_connection_that_has_broken_meanwhile_is_replaced(
    redis_client: Redis, redis_url: str
) -> None:
    client = stores.connect(redis_url)
    client.set("tests:stores", "kept")
    [connection] = client.connection_pool._available_connections
    redis_client.client_kill_filter(_id=_id_of(client), skipme=False)
    assert client.get("tests:stores") == b"kept"
    assert client.connection_pool._available_connections == [connection]


def test_what_a_subscription_waits_for_is_seen(redis_client: Redis, redis_url: str) -> None:
    client: Any = stores.connect(redis_url)
    with client.pubsub() as subscription:
        subscription.subscribe("tests")
        assert subscription.get_message(timeout=5) is not None
        publisher = threading.Timer(0.05, redis_client.publish, ("tests", "said"))
        publisher.start()
        message = subscription.get_message(timeout=5)
        publisher.join()
    assert message is not None
    assert message["data"] == b"said"


def _id_of(client: Redis) -> str:
    return str(client.client_id())
