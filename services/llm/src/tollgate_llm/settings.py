"""llm's own settings."""

from pathlib import Path

from pydantic import Field, SecretStr

from tollgate_common.settings import CommonSettings


class LlmSettings(CommonSettings):
    port: int = Field(8082, description="Port the llm service listens on.")
    metrics_port: int = Field(9082, description="Port Prometheus scrapes; never the public one.")
    openai_api_key: SecretStr | None = Field(
        None, description="OpenAI's key for organisations that have set none of their own."
    )
    openai_base_url: str = Field(
        "https://api.openai.com/v1",
        description="Where OpenAI's API is, as its SDK has it: with the /v1.",
    )
    anthropic_api_key: SecretStr | None = Field(
        None, description="Anthropic's key for organisations that have set none of their own."
    )
    anthropic_base_url: str = Field(
        "https://api.anthropic.com",
        description="Where Anthropic's API is, as its SDK has it: without the /v1.",
    )
    sandbox_url: str = Field("http://127.0.0.1:8089", description="Where the sandbox is.")
    provider_connect_timeout: float = Field(
        5.0, gt=0, description="Seconds to connect to a provider."
    )
    provider_read_timeout: float = Field(
        600.0, gt=0, description="Seconds until a provider's answer begins; it counts as gone then."
    )
    provider_chunk_timeout: float = Field(
        120.0, gt=0, description="Seconds a provider may be silent in the middle of an answer."
    )
    default_max_output_tokens: int = Field(
        4096, ge=1, description="Output cap where a provider insists on one and nobody names it."
    )
    cache_entries: int = Field(
        1000, ge=1, description="Answers kept for each organisation's x-tollgate-cache, of 256 KiB."
    )
    price_overlay_file: Path | None = Field(
        None,
        description="TOML file of prices, fees and factors that hold before those that come along.",
    )
    request_timeout: float = Field(
        3600.0, gt=0, description="Seconds a call may take in all, unless x-tollgate-timeout says."
    )
    snapshot_seconds: float = Field(
        2.0, gt=0, description="Age at which what a process knows of an organisation is renewed."
    )
    job_timeout: int = Field(900, ge=1, description="Seconds one run of a queued job may take.")
    job_lifetime: int = Field(
        86_400,
        ge=1,
        description="Seconds from its making in which a queued job may wait for its turn under a"
        " limit per minute or hour, or of calls at once.",
    )
    jobs_max_queued: int = Field(
        1000, ge=1, description="Queued calls that an organisation may have waiting or running."
    )
    jobs_max_mb: int = Field(
        256, ge=1, description="Megabytes of these calls' bodies, in all, for an organisation."
    )
    job_retention_days: int = Field(
        7, ge=1, description="Days after which a queued call that has ended is deleted."
    )


class WorkerSettings(LlmSettings):
    metrics_port: int = Field(9084, description="Port Prometheus scrapes on the llm worker.")
    jobs_at_once: int = Field(
        8,
        ge=2,
        description="Queued calls that a worker runs at once. The last quarter of these places is"
        " for organisations that have none running.",
    )


class SandboxServerSettings(CommonSettings):
    port: int = Field(8089, description="Port the sandbox listens on.")
    metrics_port: int = Field(9089, description="Port Prometheus scrapes on the sandbox.")
    served_log: Path = Field(
        Path(".tollgate/served.jsonl"), description="The served log; its folder is made."
    )
