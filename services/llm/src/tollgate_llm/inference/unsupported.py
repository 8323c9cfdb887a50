"""What holds for the fields of a request that a translation cannot say.

The request's own header goes first (`x-tollgate-drop-params: true` or `false`), since it knows best
what it can do without; then the key's setting, the model's and the organisation's.
"""

from tollgate_common.unsupported import Unsupported

DROP_PARAMS = "HTTP_X_TOLLGATE_DROP_PARAMS"
_HEADER: dict[str, Unsupported] = {"true": "drop", "false": "refuse"}


def unsupported_of(
    header: str | None,
    key: Unsupported | None,
    model: Unsupported | None,
    organisation: Unsupported | None,
) -> Unsupported:
    """Return what the first of these states, in this order, else `refuse`. None states nothing, nor
    does a header of any other value."""
    by_header = _HEADER.get(header.strip().lower()) if header else None
    return by_header or key or model or organisation or "refuse"
