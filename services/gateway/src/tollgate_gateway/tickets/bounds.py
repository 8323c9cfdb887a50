"""Bounds requests by what they hold and by what llm knows of their models."""

from tollgate_common.errors import DependencyDown
from tollgate_common.principal import Principal
from tollgate_gateway.parsed_requests.input_bound import InputBound, bound_input
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.tickets.model_facts import ModelFacts, ModelFactsClient
from tollgate_gateway.tickets.upper_bound import NOTHING, UpperBound, upper_bound


class Bounds:
    """Upper bounds of requests. `default_cap` is the cap on output where nobody names one. A model
    that llm does not know is `ModelNotFound`, limits or none."""

    def __init__(self, facts: ModelFactsClient, default_cap: int) -> None:
        self._facts = facts
        self._default_cap = default_cap

    def bound(self, principal: Principal, request: ParsedRequest, body: bytes) -> UpperBound:
        """Return what a limit on tokens or cost goes by; llm away: `DependencyDown`."""
        if request.medium == "free":
            return NOTHING
        is_form = request.is_form
        read = InputBound(text_tokens=len(body)) if is_form else bound_input(body, request.medium)
        others = tuple(other.name for other in read.others)
        facts = self._facts.get(principal, request.model, read.tier, others)
        return upper_bound(request, read, facts, self._default_cap)

    def estimate(self, principal: Principal, request: ParsedRequest, body_bytes: int) -> UpperBound:
        """Return what a request without such limits is booked at if it is lost.

        The body is not read for it, and llm away refuses nothing: the model's price is then
        unknown."""
        if request.medium == "free":
            return NOTHING
        try:
            facts = self._facts.get(principal, request.model)
        except DependencyDown:
            facts = ModelFacts()
        read = InputBound(text_tokens=body_bytes)
        return upper_bound(request, read, facts, self._default_cap)
