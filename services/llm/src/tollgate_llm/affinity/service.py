"""Where a call may go by the ids that it carries, and what its answer adds to them."""

from collections.abc import Sequence
from typing import NamedTuple

from redis.exceptions import RedisError

from tollgate_common.errors import DependencyDown
from tollgate_common.guard import Caller
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, provider_ids_not_kept
from tollgate_llm.affinity import answer_ids
from tollgate_llm.affinity.answer_ids import AnswerIds
from tollgate_llm.affinity.errors import ForeignId, OtherProvider, SeveralProviders, TooManyIds
from tollgate_llm.affinity.models import MAX_IDS, Owner, ProviderId, Scope
from tollgate_llm.affinity.repository import IdRepository
from tollgate_llm.affinity.request_ids import ids_in
from tollgate_llm.dialects.matching import Match
from tollgate_llm.providers.kinds import Provider

_GRAMMARS = {
    "/v1/responses": answer_ids.RESPONSES,
    "/v1/messages": answer_ids.MESSAGES,
    "/v1/chat/completions": answer_ids.CHAT,
}
_SPEECH_WANTED = b'"modalities"'

log = get_logger(__name__)


class OwnedId(NamedTuple):
    """An id of a request, and who made it; None where nobody has for this project."""

    field: str
    owner: Owner | None


class CallIds:
    """The ids of one request: where it may go."""

    def __init__(self, needed: OwnedId | None, hints: Sequence[OwnedId]) -> None:
        self._needed = needed
        self._hints = hints

    def limited(self, matches: Sequence[Match], model: str) -> Sequence[Match]:
        """Return the routes to the provider that knows the ids; all of them where there are none.
        Raises `OtherProvider` when there is no such route."""
        if self._needed is None or self._needed.owner is None:
            return matches
        owner = self._needed.owner
        own = [match for match in matches if Owner.of(match.route.provider) == owner]
        if not own:
            raise OtherProvider(self._needed.field, owner.name, model)
        return own

    def check_relay(self, provider: Provider) -> None:
        """Raise `ForeignId` where the provider would be sent an id that it has not made for this
        project, and that a translation leaves out."""
        for hint in self._hints:
            if hint.owner != Owner.of(provider):
                raise ForeignId(hint.field)


NO_IDS = CallIds(None, ())


class IdKeeper:
    """Keeps the ids of one answer before the caller has them, at most `MAX_IDS` of them."""

    def __init__(self, repository: IdRepository, scope: Scope, ids: AnswerIds) -> None:
        self._repository = repository
        self._scope = scope
        self._ids = ids
        self._room = MAX_IDS

    def keep_whole(self, provider: Provider, body: bytes) -> None:
        self._keep(provider, self._ids.in_whole(body))

    def keep_events(self, provider: Provider, block: bytes) -> None:
        self._keep(provider, self._ids.in_events(block))

    def _keep(self, provider: Provider, ids: Sequence[str]) -> None:
        """Redis away: the answer goes to the caller all the same, and a follow-up is 404."""
        kept = ids[: self._room]
        self._room -= len(kept)
        if len(kept) < len(ids):
            _note_not_kept(len(ids) - len(kept), "too many")
        if not kept:
            return
        try:
            self._repository.add(self._scope, kept, Owner.of(provider))
        except RedisError as error:
            dependency_failures.labels("redis").inc()
            _note_not_kept(len(kept), type(error).__name__)


class AffinityService:
    def __init__(self, repository: IdRepository) -> None:
        self._repository = repository

    def of_request(self, path: str, caller: Caller, body: bytes) -> CallIds:
        """Return where a call may go by its ids. Raises `ForeignId` for an id that the caller's
        project has not got, `SeveralProviders` where two have different owners, `TooManyIds`, and
        `DependencyDown` when they cannot be looked up: no id is sent unchecked."""
        ids = ids_in(path, body)
        if not ids:
            return NO_IDS
        owned = self._owned(Scope.of(caller), ids)
        needed = [OwnedId(each.field, owned[each.value]) for each in ids if not each.is_hint]
        hints = [OwnedId(each.field, owned[each.value]) for each in ids if each.is_hint]
        return CallIds(_only_owner(needed), hints)

    def keeper(self, path: str, caller: Caller, body: bytes, store: object) -> IdKeeper | None:
        """Return what keeps the ids of an answer of this route; None where it brings none. `store`
        is the caller's own: what is not stored cannot be referred to."""
        grammar = _GRAMMARS.get(path)
        if grammar is None or (grammar is answer_ids.CHAT and _SPEECH_WANTED not in body):
            return None
        ids = AnswerIds(grammar, store is not False)
        return IdKeeper(self._repository, Scope.of(caller), ids)

    def _owned(self, scope: Scope, ids: Sequence[ProviderId]) -> dict[str, Owner | None]:
        values = list(dict.fromkeys(each.value for each in ids))
        if len(values) > MAX_IDS:
            raise TooManyIds(ids[0].field, MAX_IDS)
        try:
            return dict(zip(values, self._repository.get(scope, values), strict=True))
        except RedisError as error:
            log.warning("provider_ids_unknown", error=type(error).__name__)
            dependency_failures.labels("redis").inc()
            raise DependencyDown(
                f"Redis, which knows the provider that made `{ids[0].field}`,"
            ) from None


def _note_not_kept(count: int, reason: str) -> None:
    log.warning("provider_ids_not_kept", count=count, reason=reason)
    provider_ids_not_kept.inc(count)


def _only_owner(ids: Sequence[OwnedId]) -> OwnedId | None:
    """Return one of the ids, which stands for all: they have one owner. None if there are none."""
    first: OwnedId | None = None
    for each in ids:
        if each.owner is None:
            raise ForeignId(each.field)
        if first is None:
            first = each
        elif first.owner is not None and first.owner != each.owner:
            raise SeveralProviders(first.field, first.owner.name, each.field, each.owner.name)
    return first
