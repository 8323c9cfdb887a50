"""Errors are classes with a status and a code; they are rendered in one place a protocol.

`/v1` answers in the caller's dialect (`dialects`), the rest as problem+json (`problem`);
`answers` chooses.
"""

from tollgate_common.errors.base import (
    BadRequest,
    Conflict,
    DependencyDown,
    Forbidden,
    InvalidField,
    LiveOnly,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    TollgateError,
    TooMany,
    Unauthorized,
    from_exception,
)

__all__ = [
    "BadRequest",
    "Conflict",
    "DependencyDown",
    "Forbidden",
    "InvalidField",
    "LiveOnly",
    "MethodNotAllowed",
    "NotFound",
    "PayloadTooLarge",
    "TollgateError",
    "TooMany",
    "Unauthorized",
    "from_exception",
]
