"""The API under test: a local stack of its own on free ports, and who calls it.

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
from tests.api.callers import CALLERS, Callers
from tests.api.clock import TimeIsUp
from tests.api.settings import SECONDS, SEED

CALLED = pytest.StashKey[list[Caller]]()

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
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = LocalSettings.load(None, ports.free(port_names()))
    with Stack(settings, tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def callers(stack: Stack) -> Iterator[Callers]:
    callers = Callers(stack)
    yield callers
    callers.close()


@pytest.fixture(scope="session", params=CALLERS)
def caller(request: pytest.FixtureRequest, callers: Callers, pytestconfig: pytest.Config) -> Caller:
    caller = callers.caller(request.param)
    pytestconfig.stash.setdefault(CALLED, []).append(caller)
    return caller


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What was called."""
    if called := config.stash.get(CALLED, []):
        terminalreporter.section(f"API test, seed {SEED}")
    for caller in called:
        terminalreporter.write_line(caller.figures())
