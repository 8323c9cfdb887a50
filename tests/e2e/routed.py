"""Models at providers of one kind; behind each is the sandbox."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.platform import Platform


@contextmanager
def model_at(platform: Platform, kind: str, model: str = "") -> Iterator[str]:
    """A model at a provider that speaks one of the dialects, both of one name unless it has its
    own."""
    name = f"{kind}-{uuid.uuid4().hex[:6]}"
    sandbox = platform.api("GET", "/providers/sandbox").json()["base_url"]
    at = f"{sandbox}/v1" if kind == "openai" else sandbox
    provider = {"kind": kind, "base_url": at, "api_key": "none"}
    price = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
    routes = [{"provider": name, "model": "sandbox"}]
    assert platform.api("PUT", f"/providers/{name}", json=provider).ok
    model = model or name
    assert platform.api("PUT", f"/models/{model}", json={"routes": routes, "price": price}).ok
    yield model
    assert platform.api("DELETE", f"/models/{model}").ok
    assert platform.api("DELETE", f"/providers/{name}").ok
