"""API keys: made, changed, rotated, revoked.

Nobody makes, widens or rotates a key that may do more than they may themselves, in any of the
dimensions of `authority.order`, nor, unless they may change them, one that has more than its
project's rules (`rules`): a test key never leads to a live one, and a key that a key makes is
held to the limits of its maker, on the maker's own counters. Whoever may not write users, in the
organisation or as the project's admin, handles only their own keys, and whoever may gives a key to
no user whom they could not change. The key of somebody who is deactivated, or has no part in its
project, does not work; another user, or its project, can be given it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.order import Authority, within
from tollgate_auth.authority.people import active_person, require_scopes
from tollgate_auth.fields import changes, reply
from tollgate_auth.keys import repository, rules
from tollgate_auth.keys.models import Key, KeySecret
from tollgate_auth.keys.schemas import KeyCreate, KeyOut, KeyPatch, Surroundings
from tollgate_auth.limits import repository as limit_rows
from tollgate_auth.limits import service as limits
from tollgate_auth.limits.schemas import LimitOut
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import repository as projects
from tollgate_auth.service_accounts import repository as accounts
from tollgate_auth.users import repository as users
from tollgate_common import keyformat
from tollgate_common.errors import Conflict, Forbidden, NotFound
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.visibility import Visibility

READING, WRITING, HANDLES_OTHERS = "keys:read", "keys:write", "users:write"
PREFIX_CHARACTERS = len("tg_live_") + 4


def get(visibility: Visibility, key_id: str) -> Key:
    """`LiveOnly` for a live key and a caller in test mode."""
    key = repository.find(visibility.regardless_of_mode(), key_id)
    if key is None:
        raise NotFound("There is no such key.")
    visibility.check_mode(key.mode)
    return key


def create(caller: Caller, wanted: KeyCreate) -> tuple[Key, str]:
    """A new key, and its text."""
    organisations.lock(caller.org)
    user = caller.user
    project = project_for(caller, WRITING, wanted.project_id)
    if "user_id" in wanted.model_fields_set and wanted.user_id != caller.user:
        user = _holder(caller, wanted.user_id, project, wanted.scopes)
    lineage = authority.lineage_of(caller, user)
    authority.require(caller, _wanted(caller, wanted, project, user, lineage))
    rules.require(caller, project, _terms_sent(wanted))
    key, text = make(caller.org, user, wanted, project, lineage)
    _record(caller, "key.created", key, after=_as_audited(key))
    return key, text


def make(
    org: str,
    user: str | None,
    wanted: KeyCreate,
    project: str | None = None,
    lineage: Sequence[str] = (),
) -> tuple[Key, str]:
    """The key and its text, for whoever may; the caller records it."""
    text = keyformat.generate(wanted.mode)
    key = Key(
        id=new_id("key"), org_id=org, project_id=project_of(org, project), user_id=user,
        name=wanted.name, mode=wanted.mode, prefix=text[:PREFIX_CHARACTERS], last4=text[-4:],
        scopes=wanted.scopes, models=wanted.models, networks=wanted.networks,
        unsupported=wanted.unsupported, expires_at=wanted.expires_at, lineage=list(lineage),
    )  # fmt: skip
    repository.add(key)
    repository.add_secret(KeySecret(key_hash=keyformat.hash_of(text), key_id=key.id))
    for limit in wanted.limits:
        limits.add(org, "key", key.id, limit)
    return key, text


def update(caller: Caller, key_id: str, patch: KeyPatch) -> Key:
    organisations.lock(caller.org)
    key = _live(caller, key_id)
    before, sent, had = _as_audited(key), changes(patch), authority_of(key)
    has = authority_of(key, **sent)
    is_given = sent.get("user_id", key.user_id) != key.user_id
    if is_given:
        _holder(caller, sent["user_id"], key.project_id, sent.get("scopes", key.scopes))
        authority.require(caller, has)
        authority.require_to_give(caller, key.user_id)
    authority.require_change(caller, had, has)
    if is_given or "limits" in sent or within(has, had) is not None:
        rules.require(caller, key.project_id, _terms(key, sent))
    if "limits" in sent:
        if "limits:write" not in caller.scopes_in(key.project_id):
            raise Forbidden("Changing a key's limits needs the permission `limits:write`.")
        authority.require_free_of(caller, key.id)
        limits.replace(caller.org, "key", key.id, sent.pop("limits"))
    for name, value in sent.items():
        setattr(key, name, value)
    principal_changes.announce("key", key.id)
    _record(caller, "key.changed", key, before, _as_audited(key))
    return key


def rotate(caller: Caller, key_id: str, grace_seconds: int) -> tuple[Key, str]:
    """A new text for the same key; the old one works for `grace_seconds` more."""
    organisations.lock(caller.org)
    key = _live(caller, key_id)
    authority.require(caller, authority_of(key))
    rules.require_stored(caller, key)
    text = keyformat.generate("live" if key.mode == "live" else "test")
    # Told before the old text ends: what is remembered under its hash has to be forgotten too.
    principal_changes.announce("key", key.id)
    repository.retire_secrets(key.id, datetime.now(UTC) + timedelta(seconds=grace_seconds))
    repository.add_secret(KeySecret(key_hash=keyformat.hash_of(text), key_id=key.id))
    key.prefix, key.last4 = text[:PREFIX_CHARACTERS], text[-4:]
    _record(caller, "key.rotated", key, after={"grace_seconds": grace_seconds})
    return key, text


def revoke(caller: Caller, key_id: str) -> None:
    """Revoking a revoked key changes nothing."""
    organisations.lock(caller.org)
    key = _own(caller, get(Visibility.of(caller, READING), key_id))
    if key.revoked_at:
        return
    principal_changes.revoke_keys("key", key.id)
    _record(caller, "key.revoked", key)


def note_uses(uses: Mapping[str, int]) -> None:
    """`uses`: by key, epoch seconds. A moment still to come is now: clocks differ."""
    now = datetime.now(UTC)
    repository.note_uses({key: min(datetime.fromtimestamp(at, UTC), now)
                          for key, at in uses.items()})  # fmt: skip


def shown(keys: Sequence[Key]) -> list[dict[str, Any]]:
    """The keys as they are answered, with their own limits."""
    now = datetime.now(UTC)
    return [
        reply(KeyOut.of(key, around, now))
        for key, around in zip(keys, _surroundings(keys), strict=True)
    ]


def _surroundings(keys: Sequence[Key]) -> list[Surroundings]:
    """Of each key, in their order."""
    limits_of: dict[str, list[LimitOut]] = defaultdict(list)
    for row in limit_rows.of_subjects([key.id for key in keys]):
        limits_of[row.subject_id].append(LimitOut.of(row))
    names = projects.names({key.project_id for key in keys})
    rows = users.by_ids({key.user_id for key in keys if key.user_id})
    holders = [rows.get(key.user_id or "") for key in keys]
    return [
        Surroundings(
            project_name=names[key.project_id],
            user_name=user.name if user else None,
            user_active=user is None or user.deactivated_at is None,
            limits=limits_of[key.id],
        )
        for key, user in zip(keys, holders, strict=True)
    ]


def _live(caller: Caller, key_id: str) -> Key:
    key = _own(caller, get(Visibility.of(caller, READING), key_id))
    if key.revoked_at:
        raise Conflict("The key is revoked.")
    return key


def _own(caller: Caller, key: Key) -> Key:
    """A key without a user is its project's: of those that act, its project's other keys own it."""
    require_in_project(caller, WRITING, key.project_id)
    mine = key.user_id == caller.user and (
        caller.user is not None or key.project_id == caller.project
    )
    if HANDLES_OTHERS not in caller.scopes_in(key.project_id) and not mine:
        raise Forbidden("The key is somebody else's; that needs the permission `users:write`.")
    return key


def _holder(caller: Caller, user_id: str | None, project: str, scopes: Sequence[str]) -> str | None:
    """The id of the user who is given a key with these scopes; None: its project has it alone."""
    if HANDLES_OTHERS not in caller.scopes_in(project):
        raise Forbidden("To whom a key belongs takes the permission `users:write`.")
    if user_id is None:
        return None
    user = active_person(caller, user_id, "user_id")
    require_scopes(user, project, scopes, "user_id")
    return user.id


def _terms_sent(wanted: KeyCreate) -> rules.Terms:
    return rules.Terms(models=tuple(wanted.models), end=wanted.expires_at, limits=wanted.limits)


def _terms(key: Key, sent: Mapping[str, Any]) -> rules.Terms:
    """Return what rules bound of the key, with what a change sends in place of what it has."""
    return rules.Terms(
        models=tuple(sent.get("models", key.models)),
        end=sent.get("expires_at", key.expires_at),
        limits=sent.get("limits", limit_rows.of_subjects([key.id])),
    )


def authority_of(key: Key, **sent: Any) -> Authority:
    """Return what the key may do by itself, with what a change sends in place of what it has."""
    user = sent.get("user_id", key.user_id)
    subjects = {key.org_id, key.project_id, key.id, *key.lineage, *([user] if user else ())}
    return Authority(
        scopes=frozenset(sent.get("scopes", key.scopes)),
        mode=key.mode,
        models=(tuple(sent.get("models", key.models)),),
        networks=tuple(sent.get("networks", key.networks)),
        end=sent.get("expires_at", key.expires_at),
        projects=frozenset({key.project_id}),
        held_to=frozenset(subjects | accounts.makers_of(user)),
    )


def _wanted(
    caller: Caller, wanted: KeyCreate, project: str, user: str | None, lineage: Sequence[str]
) -> Authority:
    """Return what a new key would be able to do."""
    return Authority(
        scopes=frozenset(wanted.scopes),
        mode=wanted.mode,
        models=(tuple(wanted.models),),
        networks=tuple(wanted.networks),
        end=wanted.expires_at,
        projects=frozenset({project}),
        held_to=frozenset({caller.org, project, *lineage, *([user] if user else ())}),
    )


def project_of(org: str, project_id: str | None) -> str:
    """The project's id: the one asked for, or the default one."""
    project = (
        projects.find(Visibility(org=org), project_id) if project_id else projects.default(org)
    )
    if project is None:
        raise NotFound("There is no such project.", param="project_id")
    return project.id


def project_for(caller: Caller, permission: str, project_id: str | None) -> str:
    """The id of the project in which the caller makes something: the one asked for, a machine's
    own, or the default one. `NotFound` where they do not see it. What a machine makes is held
    against its project by `authority`."""
    project = project_of(caller.org, project_id or caller.project)
    if caller.is_machine:
        return project
    if not caller.scopes_in(project):
        own = "There is no such project." if project_id else "Say which project: `project_id`."
        raise NotFound(own, param="project_id")
    require_in_project(caller, permission, project)
    return project


def _as_audited(key: Key) -> dict[str, Any]:
    return shown([key])[0]


def _record(
    caller: Caller,
    action: str,
    key: Key,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(caller.org, audit.actor_of(caller), action, ("key", key.id), before, after)
