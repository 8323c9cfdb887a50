"""Random bodies of requests: now modest, now greedy."""

import random
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from tollgate_auth.roles.permissions import PERMISSIONS, ROLES

MODELS = (["*"], ["sandbox"], ["sandbox*"], ["gpt-*"], ["gpt-4o", "SANDBOX"], ["[gs]*"])
NETWORKS: tuple[list[str], ...] = (
    [],
    ["10.0.0.0/8"],
    ["10.1.0.0/16", "10.2.0.0/16"],
    ["10.1.2.3"],
    ["::ffff:10.1.0.0/112"],
    ["0.0.0.0/0", "::/0"],
)
HOURS = (1, 24, 24 * 30)
LIMITS = [{"metric": "requests", "window": "day", "max": "1"}]
GREATER = [{"metric": "requests", "window": "day", "max": "1000000"}]


def scopes(dice: random.Random) -> list[str]:
    """Return all, those of a role, or a handful."""
    handful = dice.sample(PERMISSIONS, dice.randint(1, 8))
    return list(dice.choice([PERMISSIONS, *ROLES.values(), [*handful, "keys:write"], handful]))


def bounds(dice: random.Random) -> dict[str, Any]:
    end = datetime.now(UTC) + timedelta(hours=dice.choice(HOURS))
    return {
        "models": dice.choice(MODELS),
        "networks": dice.choice(NETWORKS),
        "expires_at": dice.choice([None, end.isoformat()]),
    }


def some(dice: random.Random, body: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the body: what is left out is the default, or stays as it is."""
    return {name: value for name, value in body.items() if dice.random() < 0.6}


def key(dice: random.Random, users: list[str], projects: list[str]) -> dict[str, Any]:
    body = bounds(dice) | {
        "scopes": scopes(dice),
        "mode": dice.choice(["live", "test"]),
        "limits": dice.choice([[], LIMITS, GREATER]),
        "project_id": dice.choice(projects),
        "user_id": dice.choice([None, *users]),
    }
    return {"name": "a key"} | some(dice, body)


def key_change(dice: random.Random, users: list[str], projects: list[str]) -> dict[str, Any]:
    body = key(dice, users, projects)
    return {name: body[name] for name in body if name not in ("mode", "project_id")}


def account(dice: random.Random, projects: list[str]) -> dict[str, Any]:
    body = {
        "scopes": scopes(dice),
        "models": dice.choice(MODELS),
        "mode": dice.choice(["live", "test"]),
        "project_id": dice.choice(projects),
    }
    return {"name": "robot"} | some(dice, body)


def person(dice: random.Random) -> dict[str, Any]:
    return {"email": f"{secrets.token_hex(6)}@example.com", "role": dice.choice(list(ROLES))}


def limit(dice: random.Random, subjects: list[tuple[str, str]]) -> dict[str, Any]:
    kind, subject = dice.choice(subjects)
    return {"subject": {"kind": kind, "id": subject}} | dice.choice([LIMITS, GREATER])[0]
