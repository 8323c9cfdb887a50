"""The one query behind every principal: a subject with its whole surroundings and its limits.

It runs outside the request's transaction, on connections in autocommit mode that are not probed
before use: one round trip. A connection that turns out to be dead is replaced, once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import DBAPIError

_LIMITS = """
    (SELECT coalesce(json_agg(json_build_object(
        'id', l.id, 'subject', json_build_object('kind', l.subject_kind, 'id', l.subject_id),
        'metric', l.metric, 'window', l."window", 'max', trim_scale(l.max)::text,
        'models', l.models, 'mode', l.mode, 'timezone', l.timezone,
        'transition', l.transition) ORDER BY l.id), '[]')::text
     FROM limits l
     WHERE l.subject_id = ANY(CAST(ARRAY[{subjects}] AS text[]) || {lineage})) AS limits
"""
# What the keys and service accounts in the lineage have, which is all that is left to what they
# made.
_MAKERS = """
    CASE WHEN {lineage} = CAST('{{{{}}}}' AS text[]) THEN '[]' ELSE
    (SELECT coalesce(json_agg(json_build_object(
        'scopes', m.scopes, 'mode', m.mode, 'models', m.models, 'networks', m.networks,
        'expires_at', m.expires_at) ORDER BY m.id), '[]')::text
     FROM (SELECT id, scopes, mode, models, networks, expires_at
           FROM keys WHERE id = ANY({lineage})
           UNION ALL
           SELECT id, scopes, mode, models, CAST('{{{{}}}}' AS text[]), NULL
           FROM service_accounts WHERE id = ANY({lineage})) m) END AS makers
"""
# A key descends from its makers, and from the service account that owns it with its makers.
_KEY_LINEAGE = "(k.lineage || coalesce(a.lineage || CAST(a.id AS text), CAST('{{}}' AS text[])))"
_USER_LINEAGE = "coalesce(a.lineage, CAST('{{}}' AS text[]))"
_KEY_LIMITS = _LIMITS.format(
    subjects="k.org_id, k.project_id, k.user_id, k.id", lineage=_KEY_LINEAGE
)
_USER_LIMITS = _LIMITS.format(subjects="u.org_id, u.id, a.project_id", lineage=_USER_LINEAGE)
_KEY_MAKERS = _MAKERS.format(lineage=_KEY_LINEAGE)
_USER_MAKERS = _MAKERS.format(lineage=_USER_LINEAGE)

# By project, the role of each membership that counts: a key acts in its own project only.
_KEY_ROLES = """
    CASE WHEN m.role IS NULL THEN '{{}}'
    ELSE json_build_object(m.project_id, m.role)::text END AS project_roles
"""
_USER_ROLES = """
    (SELECT coalesce(json_object_agg(m.project_id, m.role), '{{}}')::text
     FROM project_members m WHERE m.user_id = u.id) AS project_roles
"""

# `ceiling` is what a service account may do, and so its sessions.
_KEY = f"""
    SELECT k.org_id AS org, k.project_id AS project, k.id AS key, k.user_id AS "user", k.mode,
           k.scopes, k.models, k.networks, k.version, u.role,
           NULL::text[] AS ceiling, {_KEY_LINEAGE} AS lineage, a.project_id AS account_project,
           NULL AS session, least(k.expires_at, s.expires_at) AS expires_at,
           k.unsupported AS key_unsupported, o.unsupported AS org_unsupported, o.open_projects,
           {_KEY_ROLES}, {_KEY_LIMITS}, {_KEY_MAKERS}
    FROM keys k
    JOIN organisations o ON o.id = k.org_id
    JOIN projects p ON p.id = k.project_id AND p.deleted_at IS NULL
    LEFT JOIN users u ON u.id = k.user_id
    LEFT JOIN service_accounts a ON a.id = u.id
    LEFT JOIN project_members m ON m.project_id = k.project_id AND m.user_id = k.user_id
    {{join}}
    WHERE {{named}} AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now()) AND u.deactivated_at IS NULL
"""  # noqa: S608 - put together from constants
_USER = f"""
    SELECT u.org_id AS org, a.project_id AS project, NULL AS key, u.id AS "user",
           coalesce(a.mode, 'live') AS mode, s.scopes, coalesce(a.models, ARRAY['*']) AS models,
           CAST('{{{{}}}}' AS text[]) AS networks, u.version, u.role,
           a.scopes AS ceiling, {_USER_LINEAGE} AS lineage,
           s.id AS session, s.expires_at,
           NULL AS key_unsupported, o.unsupported AS org_unsupported, o.open_projects,
           {_USER_ROLES}, {_USER_LIMITS}, {_USER_MAKERS}
    FROM users u
    JOIN organisations o ON o.id = u.org_id
    LEFT JOIN service_accounts a ON a.id = u.id
    LEFT JOIN projects p ON p.id = a.project_id
    {{join}}
    WHERE {{named}} AND u.deactivated_at IS NULL AND p.deleted_at IS NULL
"""  # noqa: S608 - put together from constants

_OF_ACCOUNTS_PROJECT = " AND (a.id IS NULL OR a.project_id = k.project_id)"
_WHATEVER_TEXT = "CROSS JOIN (SELECT NULL::timestamptz AS expires_at) s"

BY = {
    "key_hash": text(
        _KEY.format(
            join="JOIN key_secrets s ON s.key_id = k.id"
            " AND (s.expires_at IS NULL OR s.expires_at > now())",
            named="s.key_hash = :key_hash" + _OF_ACCOUNTS_PROJECT,
        )
    ),
    "key_id": text(_KEY.format(join=_WHATEVER_TEXT, named="k.id = :key_id" + _OF_ACCOUNTS_PROJECT)),
    "session_id": text(
        _USER.format(
            join="JOIN sessions s ON s.user_id = u.id"
            " AND s.revoked_at IS NULL AND s.expires_at > now()",
            named="s.id = :session_id",
        )
    ),
    "user_id": text(
        _USER.format(
            join="CROSS JOIN (SELECT NULL AS id, NULL::text[] AS scopes,"
            " NULL::timestamptz AS expires_at) s",
            named="u.id = :user_id",
        )
    ),
}
# A key whatever its project, for telling why it does not work.
OF_ANY_PROJECT = text(_KEY.format(join=_WHATEVER_TEXT, named="k.id = :key_id"))


class PrincipalRepository:
    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def find(self, name: Mapping[str, str]) -> Row[Any] | None:
        """The row of {"key_hash"}, {"key_id"}, {"session_id"} or {"user_id"}; None when it is not
        there or does not work (any more)."""
        (kind,) = name
        try:
            return self._run(BY[kind], name)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._run(BY[kind], name)

    def _run(self, statement: Any, name: Mapping[str, str]) -> Row[Any] | None:
        with self._engine().connect() as connection:
            return connection.execute(statement, dict(name)).one_or_none()
