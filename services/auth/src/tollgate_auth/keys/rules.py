"""The rules that a project has for the keys in it, held against a key.

Whoever may change the rules (`projects:write`) is not bound by them; everybody else is, whether a
person, a key or a service account calls. What a key leaves out is refused like what it has too
much: no end, model or budget comes upon a key that nobody has stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from tollgate_auth.authority import globs
from tollgate_auth.authority.order import EVERY_MODEL, Authority, Excess, within
from tollgate_auth.keys.models import Key
from tollgate_auth.limits import repository as limits
from tollgate_auth.limits.amounts import amount_text
from tollgate_auth.projects import repository as projects
from tollgate_auth.projects.schemas import KeyRules, MaxLimit, rules_of
from tollgate_common.errors import Forbidden
from tollgate_common.guard import Caller

PERMISSION = "projects:write"
PARENT = "the project's"


class KeyLimit(Protocol):
    """A limit of a key, as it is stored or as it is sent."""

    @property
    def metric(self) -> str: ...
    @property
    def window(self) -> str | None: ...
    @property
    def max(self) -> Decimal: ...
    @property
    def mode(self) -> str: ...
    @property
    def models(self) -> list[str]: ...


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What rules bound of a key."""

    models: tuple[str, ...]
    end: datetime | None
    limits: Sequence[KeyLimit]


def require(caller: Caller, project_id: str, terms: Terms) -> None:
    """Raise `Forbidden`, naming the dimension, for a key that outgrows the project's rules and a
    caller who is bound by them."""
    if not _may_change(caller, project_id):
        _refuse(_rules(project_id), terms)


def require_stored(caller: Caller, key: Key) -> None:
    """The same for a key as it is stored."""
    if not _may_change(caller, key.project_id):
        _refuse(_rules(key.project_id), _stored_terms(key))


def require_limits(caller: Caller, key: Key) -> None:
    """The same for a change of the limits of a key alone, after they were changed."""
    rules = _rules(key.project_id)
    if rules is not None and not _may_change(caller, key.project_id):
        _refuse(KeyRules(max_limits=rules.max_limits), _stored_terms(key))


def require_models(caller: Caller, project_id: str, models: Sequence[str]) -> None:
    """The same for a service account, which has no end and no limits of its own."""
    rules = _rules(project_id)
    if rules is not None and not _may_change(caller, project_id):
        terms = Terms(models=tuple(models), end=None, limits=())
        _refuse(KeyRules(models=rules.models), terms)


def _stored_terms(key: Key) -> Terms:
    return Terms(models=tuple(key.models), end=key.expires_at, limits=limits.of_subjects([key.id]))


def excess_of(rules: KeyRules, terms: Terms, now: datetime) -> Excess | None:
    """Return the first dimension in which the key has more than the rules allow from `now` on."""
    latest = None if rules.max_days is None else now + timedelta(days=rules.max_days)
    bound = Authority(scopes=frozenset(), models=(tuple(rules.models or EVERY_MODEL),), end=latest)
    own = Authority(scopes=frozenset(), models=(terms.models,), end=terms.end)
    exceeded = (_excess_of_limit(each, terms) for each in rules.max_limits)
    return within(own, bound) or next(filter(None, exceeded), None)


def excess_of_stored(key: Key, now: datetime) -> Excess | None:
    """Return how a stored key outgrows the rules of its project."""
    rules = _rules(key.project_id)
    return None if rules is None else excess_of(rules, _stored_terms(key), now)


def _may_change(caller: Caller, project_id: str) -> bool:
    return PERMISSION in caller.scopes_in(project_id)


def _refuse(rules: KeyRules | None, terms: Terms) -> None:
    if rules is None:
        return
    excess = excess_of(rules, terms, datetime.now(UTC))
    if excess is not None:
        raise Forbidden(excess.message(PARENT), param=excess.dimension)


def _rules(project_id: str) -> KeyRules | None:
    project = projects.get(project_id)
    return rules_of(project) if project is not None else None


def _excess_of_limit(rule: MaxLimit, terms: Terms) -> Excess | None:
    """A limit that only warns, or that lets a model of the key pass, is none here."""
    amounts = [
        limit.max
        for limit in terms.limits
        if (limit.metric, limit.window, limit.mode) == (rule.metric, rule.window, "enforce")
        and globs.is_subset(terms.models, tuple(limit.models))
    ]
    lowest = min(amounts, default=None)
    if lowest is not None and lowest <= rule.max:
        return None
    return Excess(
        dimension="limits",
        child=_text(rule, lowest),
        parent=_text(rule, rule.max),
    )


def _text(rule: MaxLimit, amount: Decimal | None) -> str:
    shown = "no limit" if amount is None else amount_text(rule.metric, amount)
    return f"{rule.metric} per {rule.window}: {shown}"
