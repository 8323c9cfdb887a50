"""What is looked at beside the answers: memory, open tickets, the books."""

import requests
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from deploy.local import ports
from deploy.local.stack import Stack
from tests.bench.processes import pss_megabytes
from tests.e2e.stacks import data_of, processes_of

WATCHED = ("gateway", "llm")


def memory(stack: Stack) -> dict[str, float]:
    """Megabytes by program."""
    return {name: pss_megabytes(processes_of(stack, name)) for name in WATCHED}


def open_tickets(stack: Stack) -> int:
    with Redis.from_url(data_of(stack).redis_url) as redis:
        return sum(int(redis.zcard(listing)) for listing in redis.scan_iter("tickets:*"))


def accepted(stack: Stack) -> int:
    """Tickets that the gateway has opened since it began."""
    text = requests.get(
        f"http://{ports.ADDRESS}:{stack.settings.gateway_metrics_port}/metrics", timeout=10
    ).text
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "tollgate_tickets_opened_total"
    )
