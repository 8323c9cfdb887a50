"""The account of one request: what it used and cost, written once when its ticket is closed.

Redis away at that moment: the close is tried again in the background for some two minutes; after
that the ticket's lease runs out and the reaper books what was reserved. No answer waits for it.
"""

import threading
import time
import weakref

from redis.exceptions import RedisError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, labelled, tickets_closed
from tollgate_common.tickets import Outcome, TicketBook, bucket
from tollgate_common.tickets.models import Status
from tollgate_llm.inference.billing import Billing
from tollgate_llm.inference.reserved_output import with_reserved_output
from tollgate_llm.metering.usage import NOTHING, Usage
from tollgate_llm.pricing.rating import Bill, Possible
from tollgate_llm.pricing.tariffs import text_prices
from tollgate_llm.routing.models import Candidate

RENEW_SECONDS = 5.0
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 40.0)

log = get_logger(__name__)


class Cashier:
    """Closes tickets, whatever it takes, and until then keeps them from being taken for lost."""

    def __init__(self, book: TicketBook, billing: Billing) -> None:
        self._book = book
        self._billing = billing
        # Weak: an account that nobody can close any more is left to the reaper.
        self._open: weakref.WeakSet[Account] = weakref.WeakSet()

    def began(self, account: "Account") -> None:
        self._open.add(account)

    def renew_until(self, stop: threading.Event) -> None:
        """Renew the leases of all that is open every few seconds, until told to stop."""
        while not stop.wait(RENEW_SECONDS):
            self.renew()

    def renew(self) -> None:
        tickets = [(account.org, account.ticket) for account in list(self._open)]
        try:
            self._book.renew((org, ticket) for org, ticket in tickets if ticket is not None)
        except RedisError as error:
            log.warning("leases_not_renewed", error=type(error).__name__)
            dependency_failures.labels("redis").inc()

    def ended(self, account: "Account") -> None:
        self._open.discard(account)

    def close(self, account: "Account", outcome: Outcome, *, as_reserved: bool) -> None:
        """`as_reserved`: it may have used all that it was allowed to, nobody knows."""
        org, ticket = account.org, account.ticket or ""
        try:
            if as_reserved:
                outcome = self._as_reserved(org, ticket, outcome)
            self._book.close(org, ticket, outcome, account.counters)
        except RedisError as error:
            log.warning("ticket_close_delayed", ticket=ticket, error=type(error).__name__)
            dependency_failures.labels("redis").inc()
            threading.Thread(target=self._retry, args=(org, ticket, outcome), daemon=True).start()
        labelled(tickets_closed, outcome.status).inc()

    def bill(self, account: "Account", route: Candidate | None, usage: Usage) -> Bill:
        """Return what the account's request is billed for this usage. What no run of the model
        can have used is held against what was reserved."""
        if route is None:
            return Bill(usage=usage)
        made = self._billing.bill(route, usage)
        if not made.exceeds_context:
            return made
        return self._billing.bill(route, usage, self._possible(account))

    def _possible(self, account: "Account") -> Possible | None:
        try:
            found = self._book.read(bucket(account.org), account.ticket or "")
        except RedisError:
            dependency_failures.labels("redis").inc()
            return None
        bound = found[1].bound if found else None
        return Possible(bound.input_tokens, bound.output_tokens) if bound else None

    def _as_reserved(self, org: str, ticket: str, outcome: Outcome) -> Outcome:
        found = self._book.read(bucket(org), ticket)
        return outcome if found is None else with_reserved_output(outcome, found[1].bound)

    def _retry(self, org: str, ticket: str, outcome: Outcome) -> None:
        for pause in RETRY_SECONDS:
            time.sleep(pause)
            try:
                self._book.close(org, ticket, outcome)
            except RedisError:
                continue
            log.info("ticket_closed_late", ticket=ticket)
            return
        log.error("ticket_left_to_the_reaper", ticket=ticket)


class Account:
    """One ticket. The first of the closing methods counts; later ones do nothing."""

    def __init__(
        self, cashier: Cashier, org: str, ticket: str | None, counters: tuple[str, ...] = ()
    ) -> None:
        self._cashier = cashier
        self.org = org
        self.ticket = ticket
        self.counters = counters
        self._started = time.perf_counter()
        self._first_byte_ms: int | None = None
        self._route: Candidate | None = None
        self._spent: Bill | None = None
        self.attempts = 0
        self.closed = False
        self.status: Status | None = None
        self.cost_nanos = 0
        if ticket is not None:
            cashier.began(self)

    def attempt(self, route: Candidate) -> None:
        """A provider is about to be called."""
        self._route = route
        self.attempts += 1

    def answered(self) -> None:
        """The first byte of an answer is here."""
        self._first_byte_ms = self._elapsed_ms()

    def spent(self, usage: Usage) -> None:
        """Take note of what the present attempt has used, though it gave no answer."""
        made = self._cashier.bill(self, self._route, usage)
        self._spent = made if self._spent is None else made.after(self._spent)

    def close(
        self,
        status: Status,
        http_status: int | None,
        *,
        usage: Usage = NOTHING,
        estimated: bool = False,
        error: str | None = None,
        provider: str | None = None,
        as_reserved: bool = False,
    ) -> int:
        """Book it; the cost in nano-dollars. `provider`: who answered, where no route was asked.
        `as_reserved`: no less than was reserved."""
        if self.closed:
            return 0
        self.closed, self.status = True, status
        route = self._route
        made = self._cashier.bill(self, route, usage)
        if self._spent is not None:
            made = made.after(self._spent)
        cost, billed = made.cost_nanos, made.usage
        self.cost_nanos = cost
        if self.ticket is None:
            return cost
        outcome = Outcome(
            status=status,
            provider=route.provider.name if route else provider,
            provider_model=route.model if route else None,
            http_status=http_status,
            input_tokens=billed.input_tokens,
            output_tokens=billed.output_tokens,
            cached_input_tokens=billed.cached_input_tokens,
            cache_write_tokens=billed.cache_write_tokens,
            reasoning_tokens=min(billed.reasoning_tokens, billed.output_tokens),
            cost_nanos=cost,
            price=text_prices(made.prices) if made.prices else None,
            service_tier=billed.service_tier,
            lines=made.lines,
            unpriced=made.is_unpriced,
            capped=made.is_capped,
            estimated=estimated or billed.estimated or not made.is_exact,
            attempts=self.attempts,
            latency_ms=self._elapsed_ms(),
            first_byte_ms=self._first_byte_ms,
            error=error,
        )
        self._cashier.close(self, outcome, as_reserved=as_reserved)
        self._cashier.ended(self)
        return cost

    def _elapsed_ms(self) -> int:
        return round((time.perf_counter() - self._started) * 1000)
