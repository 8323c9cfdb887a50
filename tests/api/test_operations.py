"""Every operation of the document, called with what it allows and with what it does not."""

from typing import Any

import pytest
from schemathesis import Case

from tests.api.caller import Caller
from tests.api.callers import CALLERS
from tests.api.clock import Clock
from tests.api.document import COUNT, DOCUMENT, operations
from tests.api.settings import ALONE, SECONDS


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(ALONE * SECONDS / COUNT / len(CALLERS))


def test_the_gateway_serves_the_document_that_is_tested(caller: Caller) -> None:
    served = caller.session.get(f"{caller.url}/openapi.json", timeout=10)
    assert served.json() == DOCUMENT


@operations.parametrize()
def test_an_operation_does_what_the_document_says(
    case: Case[Any], caller: Caller, clock: Clock
) -> None:
    """`call` raises what the checks find, with the call that shows it."""
    with clock.watching(f"{caller.name} {case.operation.label}"):
        assert caller.call(case).status_code < 500
