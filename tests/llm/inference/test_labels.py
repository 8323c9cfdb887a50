"""Labels of metrics come from the platform, and from nobody else."""

from typing import Literal

import pytest

from tollgate_llm.inference.labels import metric_name, metric_status
from tollgate_llm.providers.kinds import Provider


@pytest.mark.parametrize(
    ("name", "source", "label"),
    [
        ("openai", "platform", "openai"),
        ("openai", "organisation", "other"),
        ("a-name-of-their-own", "organisation", "other"),
    ],
)
def test_only_the_platforms_own_providers_have_their_name(
    name: str, source: Literal["platform", "organisation"], label: str
) -> None:
    provider = Provider(name=name, kind="openai", base_url="http://x", api_key="", source=source)
    assert metric_name(provider) == label


@pytest.mark.parametrize(
    ("status", "label"), [(200, "200"), (429, "429"), (599, "599"), (799, "other"), (99, "other")]
)
def test_a_status_that_http_does_not_have_is_no_label(status: int, label: str) -> None:
    assert metric_status(status) == label
