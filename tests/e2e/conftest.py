"""The platform under test: one that is already up, named by TOLLGATE_E2E_CREDENTIALS, else a local
stack started for this run on free ports, with data of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack
from tests.e2e.figures import say as say  # a fixture
from tests.e2e.platform import Key, Platform

CREDENTIALS = "TOLLGATE_E2E_CREDENTIALS"
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs them all, so that one stack is started; the others run the rest."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def credentials_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if given := os.environ.get(CREDENTIALS):
        yield Path(given)
        return
    settings = LocalSettings.load(None, ports.free(port_names()))
    with Stack(settings, tmp_path_factory.mktemp("stack")) as stack:
        with stack.credentials_file.open("a") as credentials:
            credentials.write(f"TOLLGATE_SANDBOX_URL={stack.url('sandbox')}\n")
        yield stack.credentials_file


@pytest.fixture(scope="session")
def platform(credentials_file: Path) -> Iterator[Platform]:
    platform = Platform.from_credentials(credentials_file)
    platform.log_in()
    yield platform
    platform.session.close()


@pytest.fixture
def key(platform: Platform) -> Key:
    return platform.new_key()
