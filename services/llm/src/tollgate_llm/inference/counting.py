"""`/v1/messages/count_tokens` where no provider of the model counts tokens: the documented
estimate, marked as one (`x-tollgate-estimated`)."""

import msgspec
from flask import Response

from tollgate_common.header_text import printable_header
from tollgate_common.responses import PassedResponse
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.protocols import COUNT_TOKENS

ESTIMATED = "x-tollgate-estimated"


def estimated_count(body: bytes, model: str, account: Account) -> Response:
    """Return the estimate, the ticket closed: nobody is asked, and it costs nothing."""
    counted = msgspec.json.encode({"input_tokens": COUNT_TOKENS.estimate_input(body)})
    account.close("ok", 200, provider="tollgate")
    headers = [
        ("content-type", "application/json"),
        ("content-length", str(len(counted))),
        ("x-tollgate-model", printable_header(model)),
        ("x-tollgate-cost-usd", "0.000000000"),
        (ESTIMATED, "true"),
    ]
    return PassedResponse([counted], 200, headers)
