"""What an Idempotency-Key may be refused for.

BadRequest 400 ── InvalidKey
Conflict 409 ── KeyInUse (a retry in a moment finds the answer), KeyReused, AnswerNotKept

SDKs try any 409 again, but where `x-should-retry` says that it would be in vain.
"""

from tollgate_common.errors import BadRequest, Conflict

HEADER = "Idempotency-Key"


class InvalidKey(BadRequest):
    code = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__(f"`{HEADER}`: 1 to 255 visible ASCII characters.", param=HEADER)


class KeyInUse(Conflict):
    """The first request of this key still runs."""

    code = "idempotency_key_in_use"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"A request with this {HEADER} is still running: {request_id}.",
            param=HEADER,
            headers={"retry-after": "1"},
        )


class KeyReused(Conflict):
    """The key has been used for something else."""

    code = "idempotency_key_reused"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"This {HEADER} has been used for another request, {request_id}, with another body, "
            "route or API version. A new request needs a new key.",
            param=HEADER,
            headers={"x-should-retry": "false"},
        )


class AnswerNotKept(Conflict):
    """It was answered and booked, and its answer was too large to be kept."""

    code = "idempotency_answer_not_kept"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"The request with this {HEADER}, {request_id}, has been answered, and its answer was "
            "too large to be kept. To ask once more, and pay once more, take a new key.",
            param=HEADER,
            headers={"x-should-retry": "false"},
        )
