"""The names of what tickets and limits keep in Redis. On a Redis Cluster the keys of one bucket
are on one node, so that one script may touch them."""

import zlib

BUCKETS = 16


def bucket(org: str) -> str:
    """The hash tag of everything that belongs to an organisation: `{b07}`."""
    return f"{{b{zlib.crc32(org.encode()) % BUCKETS:02d}}}"


def buckets() -> list[str]:
    return [f"{{b{number:02d}}}" for number in range(BUCKETS)]


def usage_streams() -> list[str]:
    """The streams that usage events arrive on, one a bucket."""
    return [f"usage:{tag}" for tag in buckets()]


def limit_streams() -> list[str]:
    """The streams of `limit.threshold` and `limit.exceeded`, one a bucket, capped in length."""
    return [f"limits:{tag}" for tag in buckets()]
