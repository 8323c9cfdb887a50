"""What several of these files stand on."""

from typing import Any

import pytest

from tests.gateway.answering import Stand


@pytest.fixture
def stand(redis_client: Any) -> Stand:
    return Stand(redis_client)
