"""Writes docs/configuration.md from the settings themselves: `make docs`; `--check` only compares.

Every field of every process's settings has a description, a type and a default, or is required;
so has its page.
"""

import sys
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deploy.local.settings import LocalSettings
from tollgate_auth.settings import AuthSettings
from tollgate_common.settings import CommonSettings
from tollgate_gateway.settings import GatewaySettings
from tollgate_llm.settings import LlmSettings, SandboxServerSettings
from tollgate_llm.settings import WorkerSettings as LlmWorkerSettings
from tollgate_reports.settings import LedgerSettings, ReportsSettings, SchedulerSettings
from tollgate_reports.settings import WorkerSettings as ReportsWorkerSettings

PAGE = Path(__file__).with_name("configuration.md")
INTRODUCTION = """# Configuration

This page is made from the settings in the code: `make docs` renews it, and `make check` fails
when it is out of date.

Values come from the environment, else from a file `.env` in the working directory. Any variable
`NAME` may be given as `NAME_FILE` instead, the path of a file that holds the value. A secret has
no default, and a wrong value ends the process with a sentence that names the variable.
"""
PROCESSES: dict[str, tuple[str, type[CommonSettings]]] = {
    "auth": ("`tollgate-auth serve`", AuthSettings),
    "gateway": ("`tollgate-gateway serve`", GatewaySettings),
    "llm": ("`tollgate-llm serve`", LlmSettings),
    "llm-worker": ("`tollgate-llm worker`", LlmWorkerSettings),
    "sandbox": ("`tollgate-llm sandbox`", SandboxServerSettings),
    "reports": ("`tollgate-reports serve`", ReportsSettings),
    "reports-ledger": ("`tollgate-reports ledger`", LedgerSettings),
    "reports-worker": ("`tollgate-reports worker`", ReportsWorkerSettings),
    "scheduler": ("`tollgate-reports scheduler`", SchedulerSettings),
}


def page() -> str:
    parts = [INTRODUCTION, "\n## Every process\n\n", table(CommonSettings.model_fields)]
    for name, (command, settings) in PROCESSES.items():
        parts += [f"\n## {name}\n\n{command}{like(settings)}\n\n", table(own_fields(settings))]
    local = "`make up` reads these from `.env`, beside those of the services, which it passes on."
    parts += [f"\n## The local stack\n\n{local}\n\n", table(LocalSettings.model_fields)]
    return "".join(parts)


def own_fields(settings: type[CommonSettings]) -> dict[str, FieldInfo]:
    """What the process has beside those of the class it extends, or has otherwise."""
    inherited = settings.__mro__[1].model_fields  # type: ignore[attr-defined]
    return {
        name: info
        for name, info in settings.model_fields.items()
        if name not in inherited or info.default != inherited[name].default
    }


def like(settings: type[CommonSettings]) -> str:
    parents = {kind: name for name, (_, kind) in PROCESSES.items()}
    parent = parents.get(settings.__mro__[1])
    return f", which also has all of {parent}'s" if parent else ""


def table(fields: dict[str, FieldInfo]) -> str:
    rows = [f"| `{name.upper()}` | {default(info)} | {meaning(info)} |"
            for name, info in fields.items()]  # fmt: skip
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows, ""])


def default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if info.default_factory or value is None or isinstance(value, SecretStr) or value == "":
        return ""
    return f"`{value}`"


def meaning(info: FieldInfo) -> str:
    return (info.description or "").replace("|", "\\|").replace("\n", " ")


def main() -> int:
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != page():
            sys.stderr.write("docs/configuration.md is out of date. Run `make docs`.\n")
            return 1
        return 0
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
