"""What is measured: a way to the upstream, and the processes it is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

from tests.bench import canned
from tests.bench.wrk import Ask

WHOLE, STREAM = "whole", "stream"
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """`headers` and `models` by kind of answer. `processes`: name → those that do its work."""

    name: str
    version: str
    url: str
    headers: Mapping[str, Headers]
    models: Mapping[str, str] = field(
        default_factory=lambda: {WHOLE: canned.MODEL, STREAM: canned.MODEL}
    )
    paths: Mapping[str, str] = field(
        default_factory=lambda: dict.fromkeys((WHOLE, STREAM), "/v1/chat/completions")
    )
    processes: Callable[[], Mapping[str, list[psutil.Process]]] = dict

    def ask(self, kind: str, prompt: str) -> Ask:
        body = canned.request(self.models[kind], stream=kind == STREAM, prompt=prompt)
        return Ask(self.url + self.paths[kind], self.headers[kind], body)


def direct(upstream: str) -> Target:
    """The upstream itself, which everything else is compared with."""
    return Target(
        "upstream", "nginx", upstream, {WHOLE: {}, STREAM: {}},
        paths={WHOLE: "/v1/chat/completions", STREAM: "/stream/v1/chat/completions"},
    )  # fmt: skip
