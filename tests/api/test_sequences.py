"""Operations one after the other: what is made is looked at, changed and removed."""

import contextlib
import itertools
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import Flaky
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response

from tests.api.caller import Caller
from tests.api.callers import CALLERS
from tests.api.checks import IN_SEQUENCE
from tests.api.clock import Clock, TimeIsUp
from tests.api.document import operations
from tests.api.settings import ALONE, SECONDS, SEED

# Of one seed; then comes the next one.
SEQUENCES = 40
STEPS = 12
SETTINGS = hypothesis.settings(
    max_examples=SEQUENCES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=False,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
Machine: Any = operations.as_state_machine()


def test_what_one_operation_answers_the_next_one_takes(caller: Caller) -> None:
    """Faults are gathered: the server's state is another one when Hypothesis asks again, which it
    would call flaky."""
    faults: dict[str, BaseException] = {}
    clock = Clock((1 - ALONE) * SECONDS / len(CALLERS))

    class Sequences(Machine):  # type: ignore[misc]  # made at run time
        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return caller.transport()

        def before_call(self, case: Case[Any]) -> None:
            clock.check("sequences")
            caller.spare(case)

        def after_call(self, response: Response, case: Case[Any]) -> None:
            caller.count(case, response)

        def validate_response(self, response: Response, case: Case[Any], **more: Any) -> None:
            try:
                caller.check(case, response, IN_SEQUENCE)
            except (FailureGroup, AssertionError) as fault:
                faults.setdefault(f"{case.operation.label} {response.status_code}", fault)

    with contextlib.suppress(TimeIsUp):
        for seed in itertools.count(SEED):
            hypothesis.seed(seed)(Sequences)
            with contextlib.suppress(Flaky):
                Sequences.run(settings=SETTINGS)
    if faults:
        pytest.fail("\n\n".join(f"{where}: {fault}" for where, fault in faults.items()))
