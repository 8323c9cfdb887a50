"""How long, from which seed, and what is left out."""

import os
from typing import Any

SECONDS = float(os.environ.get("TOLLGATE_API_TEST_SECONDS", "180"))
SEED = int(os.environ.get("TOLLGATE_API_TEST_SEED", "1"))
# The part of the time in which operations are called on their own; then follow sequences.
ALONE = 0.6
# Time is the limit: this is only what nothing reaches.
EXAMPLES = 100_000

MANAGEMENT = "^/api/v1/"
# What is not called at all, with the reason.
LEFT_OUT = {"/api/v1/auth/logout": "it ends the session that makes these calls"}

SCHEMATHESIS: dict[str, Any] = {
    "seed": SEED,
    "generation": {
        "max-examples": EXAMPLES,
        "no-shrink": True,
        "database": "none",
        "with-security-parameters": False,  # the owner calls
    },
    "phases": {"coverage": {"unexpected-methods": []}, "examples": {"enabled": False}},
    "suppress-health-check": ["all"],
}
