"""What people use on top of the vendors' APIs, run against a local stack of its own.

make test-clients
make test-clients T=tests/clients/test_codex.py
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    settings = LocalSettings.load(None, ports.free(port_names()))
    with Stack(settings, tmp_path_factory.mktemp("stack")) as stack:
        platform = Platform.from_credentials(stack.credentials_file)
        platform.log_in()
        yield platform
        platform.session.close()


@pytest.fixture
def key(platform: Platform) -> Key:
    return platform.new_key()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def variables(platform: Platform, key: Key) -> dict[str, str]:
    """What both vendors' SDKs, and all that is built on them, read by themselves."""
    return {
        "OPENAI_BASE_URL": f"{platform.url}/v1",
        "OPENAI_API_KEY": key.secret,
        "ANTHROPIC_BASE_URL": platform.url,
        "ANTHROPIC_API_KEY": key.secret,
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first one waits for the stack."""
    for item in items:
        item.add_marker(pytest.mark.timeout(300))
