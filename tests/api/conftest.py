"""The API under test: a local stack of its own on free ports, and its owner.

make test-api
TOLLGATE_API_TEST_SECONDS=1800 TOLLGATE_API_TEST_SEED=7 make test-api
"""

from collections.abc import Generator, Iterator

import pytest

from deploy.local import ports
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack
from tests.api import formats
from tests.api.caller import Caller
from tests.api.clock import TimeIsUp
from tests.api.settings import SECONDS, SEED
from tests.e2e.platform import Platform

CALLER = pytest.StashKey[Caller]()

formats.register()


def pytest_report_header() -> str:
    return f"API test: seed {SEED}, {SECONDS:g} seconds"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(2 * SECONDS + 300))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    try:
        return (yield)
    except TimeIsUp:
        return True


@pytest.fixture(scope="session")
def caller(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Caller]:
    settings = LocalSettings.load(None, ports.free(port_names()))
    with Stack(settings, tmp_path_factory.mktemp("stack")) as stack:
        platform = Platform.from_credentials(stack.credentials_file)
        platform.log_in()
        caller = pytestconfig.stash[CALLER] = Caller.of(platform)
        yield caller
        platform.session.close()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What was called."""
    if caller := config.stash.get(CALLER, None):
        terminalreporter.section("API test")
        terminalreporter.write_line(f"Seed {SEED}. {caller.figures()}")
