"""The providers that every organisation has: what the official SDKs' own variables say."""

from tollgate_llm.providers.kinds import Kind, Provider
from tollgate_llm.settings import LlmSettings

SANDBOX_KEY = "sandbox"  # the sandbox wants some credential and takes any


def environment_addresses(settings: LlmSettings) -> dict[Kind, str]:
    """Return the base URL of each kind of which the environment names one."""
    return {
        "openai": settings.openai_base_url,
        "anthropic": settings.anthropic_base_url,
        "sandbox": settings.sandbox_url,
    }


def sandbox(settings: LlmSettings) -> Provider:
    return Provider(
        name="sandbox",
        kind="sandbox",
        base_url=settings.sandbox_url,
        api_key=SANDBOX_KEY,
        source="platform",
    )


def platform_providers(settings: LlmSettings) -> dict[str, Provider]:
    """By name. A vendor without a key is not there."""
    providers = {"sandbox": sandbox(settings)}
    if settings.openai_api_key:
        providers["openai"] = Provider(
            name="openai",
            kind="openai",
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key.get_secret_value(),
            source="platform",
        )
    if settings.anthropic_api_key:
        providers["anthropic"] = Provider(
            name="anthropic",
            kind="anthropic",
            base_url=settings.anthropic_base_url,
            api_key=settings.anthropic_api_key.get_secret_value(),
            source="platform",
        )
    return providers
