"""The Dockerfiles, and what the containers' scripts know of them."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "docker"
SERVICES = ("auth", "gateway", "llm", "reports")


def dockerfile(service: str) -> str:
    return (FOLDER / f"{service}.Dockerfile").read_text()


def account(service: str) -> str:
    found = re.search(r"^USER (\d+):\1$", dockerfile(service), re.MULTILINE)
    assert found, service
    return found[1]


def what_all_have_in_common(service: str) -> str:
    """Without the two lines that say what it is, its name, and its numbers."""
    lines = dockerfile(service).splitlines()[1:]
    kept = [line for line in lines if not line.startswith(("EXPOSE", "      org.opencontainers"))]
    named = "\n".join(kept).replace(f"tollgate-{service}", "tollgate-*")
    named = re.sub(rf"\b{service}(?=\.txt|\b *\\$|;)", "*", named, flags=re.MULTILINE)
    return re.sub(r"\b(100|80)\d\d\b", "#", named.replace(f"services/{service}", "services/*"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_dockerfile_differs_from_the_others_in_names_and_numbers_only(service: str) -> None:
    assert what_all_have_in_common(service) == what_all_have_in_common("auth")


def test_every_service_runs_under_an_account_of_its_own_and_not_as_root() -> None:
    accounts = {account(service) for service in SERVICES}
    assert len(accounts) == len(SERVICES)
    assert "0" not in accounts


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_are_handed_to_the_account_that_the_image_runs_under(service: str) -> None:
    script = (FOLDER / "make-secrets").read_text()
    assert f"\nhand_over {service} {account(service)}\n" in script


def test_no_image_is_built_from_anything_that_has_no_hash() -> None:
    for service in SERVICES:
        commands = dockerfile(service).replace("\\\n", " ").splitlines()
        installs = [line for line in commands if re.search(r"pip (install|sync)|uv build", line)]
        assert installs
        for line in installs:
            assert "--require-hashes" in line or "--no-index" in line, line
