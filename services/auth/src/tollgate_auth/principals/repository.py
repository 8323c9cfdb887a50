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
        'models', l.models, 'mode', l.mode, 'timezone', l.timezone) ORDER BY l.id), '[]')::text
     FROM limits l WHERE l.subject_id IN ({subjects})) AS limits
"""
_KEY_LIMITS = _LIMITS.format(subjects="k.org_id, k.project_id, k.user_id, k.id")
_USER_LIMITS = _LIMITS.format(subjects="u.org_id, u.id, p.id")

_KEY = f"""
    SELECT k.org_id AS org, k.project_id AS project, k.id AS key, k.user_id AS "user", k.mode,
           k.scopes, k.models, k.version, u.role, least(k.expires_at, s.expires_at) AS expires_at,
           {_KEY_LIMITS}
    FROM keys k
    JOIN projects p ON p.id = k.project_id AND p.deleted_at IS NULL
    LEFT JOIN users u ON u.id = k.user_id
    {{join}}
    WHERE {{named}} AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now()) AND u.deactivated_at IS NULL
"""  # noqa: S608 - put together from constants

BY_HASH = text(
    _KEY.format(
        join="JOIN key_secrets s ON s.key_id = k.id"
        " AND (s.expires_at IS NULL OR s.expires_at > now())",
        named="s.key_hash = :key_hash",
    )
)
BY_KEY = text(
    _KEY.format(
        join="CROSS JOIN (SELECT NULL::timestamptz AS expires_at) s", named="k.id = :key_id"
    )
)
BY_USER = text(f"""
    SELECT u.org_id AS org, p.id AS project, NULL AS key, u.id AS "user", 'live' AS mode,
           NULL AS scopes, ARRAY['*'] AS models, u.version, u.role, NULL AS expires_at,
           {_USER_LIMITS}
    FROM users u
    LEFT JOIN projects p
      ON p.id = :project_id AND p.org_id = u.org_id AND p.deleted_at IS NULL
    WHERE u.id = :user_id AND u.deactivated_at IS NULL
      AND (CAST(:project_id AS text) IS NULL OR p.id IS NOT NULL)
""")  # noqa: S608 - put together from constants

BY = {"key_hash": BY_HASH, "key_id": BY_KEY, "user_id": BY_USER}


class PrincipalRepository:
    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def find(self, names: Mapping[str, str | None]) -> Row[Any] | None:
        """The row of {"key_hash"}, {"key_id"} or {"user_id", "project_id"}; None when it is not
        there or does not work (any more)."""
        statement = next(BY[name] for name in ("key_hash", "key_id", "user_id") if name in names)
        try:
            return self._run(statement, names)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._run(statement, names)

    def _run(self, statement: Any, names: Mapping[str, str | None]) -> Row[Any] | None:
        with self._engine().connect() as connection:
            return connection.execute(statement, dict(names)).one_or_none()
