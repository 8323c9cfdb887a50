"""The gateway under test: a local stack of its own on free ports, its model the sandbox.

make fuzz
TOLLGATE_FUZZ_SECONDS=60 TOLLGATE_FUZZ_SEED=7 make fuzz
"""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.e2e.figures import say as say  # a fixture
from tests.e2e.platform import Platform
from tests.e2e.stacks import own_platform
from tests.fuzz.settings import SECONDS, SEED


def pytest_report_header() -> str:
    return f"Fuzz: seed {SEED}, {SECONDS:g} seconds"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(SECONDS + 300))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path_factory.mktemp("stack")) as target:
        yield target
