"""Labels of metrics about providers: each value is kept for as long as the process lives, and read
by whoever reads metrics, so none is of a caller's or a provider's own making."""

from tollgate_llm.providers.kinds import Provider

OTHER = "other"
_STATUSES = range(200, 600)


def metric_name(provider: Provider) -> str:
    """Return the name of a provider that the platform itself has, `other` for one that an
    organisation has set up, whatever it is called."""
    return provider.name if provider.source == "platform" else OTHER


def metric_status(status: int) -> str:
    return str(status) if status in _STATUSES else OTHER
