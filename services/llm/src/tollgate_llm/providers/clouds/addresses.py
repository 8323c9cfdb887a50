"""Where a cloud's API is, and whether what was said of it makes sense: as the SDKs have it."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from tollgate_common.errors import InvalidField
from tollgate_llm.providers.clouds.google import checked_credential
from tollgate_llm.providers.kinds import Cloud, Kind
from tollgate_llm.providers.schemas import ProviderIn

# Which fields each kind takes, and which of those it cannot do without.
_TAKES: dict[Kind, frozenset[str]] = {
    "azure": frozenset({"api_version"}),
    "vertex": frozenset({"project", "region"}),
    "bedrock": frozenset({"region"}),
}
_FIELDS = ("api_version", "project", "region")
_VERTEX_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}


def cloud_of(wanted: ProviderIn) -> Cloud:
    """`InvalidField` for a field that means nothing to its kind."""
    takes = _TAKES.get(wanted.kind, frozenset())
    for field in _FIELDS:
        if getattr(wanted, field) is not None and field not in takes:
            raise InvalidField(f"{field}: means nothing to the kind `{wanted.kind}`.", param=field)
    return Cloud(**{field: getattr(wanted, field) for field in takes})


def base_url_of(wanted: ProviderIn, defaults: Mapping[Kind, str]) -> str:
    """What was said, else where that kind is; `InvalidField` where it can be anywhere."""
    if wanted.kind == "vertex":
        _needed(wanted, "project", "region")
    if wanted.base_url is not None:
        return _checked(wanted.kind, wanted.base_url)
    if wanted.kind == "vertex":
        region = wanted.region or ""
        return f"https://{_VERTEX_HOSTS.get(region, f'{region}-aiplatform.googleapis.com')}/v1"
    if wanted.kind == "bedrock":
        _needed(wanted, "region")
        return f"https://bedrock-runtime.{wanted.region}.amazonaws.com"
    if wanted.kind not in defaults:
        _needed(wanted, "base_url")
    return defaults[wanted.kind]


def credential_of(wanted: ProviderIn) -> str | None:
    """Fit for its kind; `InvalidField` else. None where none was given."""
    if wanted.api_key is None:
        return None
    secret = wanted.api_key.get_secret_value()
    try:
        return checked_credential(secret) if wanted.kind == "vertex" else _header_value(secret)
    except ValueError as wrong:
        raise InvalidField(f"api_key: {wrong}.", param="api_key") from None


def _header_value(secret: str) -> str:
    if not secret.isprintable() or secret != secret.strip():
        raise ValueError("must be printable ASCII without surrounding spaces")
    return secret


def _checked(kind: Kind, url: str) -> str:
    if kind == "azure" and urlsplit(url).path.startswith("/openai"):
        raise InvalidField(
            "base_url: the resource's endpoint, without `/openai` and what follows.",
            param="base_url",
        )
    return url


def _needed(wanted: ProviderIn, *fields: str) -> None:
    for field in fields:
        if getattr(wanted, field) is None:
            raise InvalidField(f"{field}: the kind `{wanted.kind}` needs one.", param=field)
