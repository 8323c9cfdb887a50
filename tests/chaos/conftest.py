"""A local stack of the run's own, with two workers of each service, so that one can die alone.

make test-chaos
TOLLGATE_CHAOS_REQUESTS=20000 make test-chaos
"""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.chaos.books import Books
from tests.chaos.settings import LEASE_SECONDS, LOAD_SECONDS, REQUESTS
from tests.e2e.figures import say as say  # a fixture
from tests.e2e.platform import Platform
from tests.e2e.stacks import own_platform


def pytest_report_header() -> str:
    return f"Chaos: {REQUESTS} requests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(LOAD_SECONDS + LEASE_SECONDS + 300))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path_factory.mktemp("chaos"), workers=2) as both:
        yield both


@pytest.fixture
def books(running: tuple[Stack, Platform]) -> Iterator[Books]:
    books = Books(running[0])
    yield books
    books.close()
