"""What is said about a broken `.env`."""

from pathlib import Path

import pytest

from deploy.local.errors import CannotStart
from deploy.local.settings import LocalSettings, dotenv_variables


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_without_a_file_the_ports_are_those_of_the_documentation() -> None:
    settings = LocalSettings.load(None)
    assert (settings.gateway_port, settings.sandbox_port) == (8080, 8089)


def test_a_line_that_is_no_assignment_is_named(dotenv: Path) -> None:
    dotenv.write_text("# ports\nGATEWAY_PORT=8090\n\nthis is not right\n")
    with pytest.raises(CannotStart, match=r"\.env, line 4: this is not NAME=value"):
        LocalSettings.load(dotenv)


def test_a_wrong_value_is_named_with_its_line_but_not_shown(dotenv: Path) -> None:
    dotenv.write_text("WORKERS=1\nDATABASE_URL=mysql://root:hunter2@db/x\n")
    with pytest.raises(CannotStart) as raised:
        LocalSettings.load(dotenv)
    assert f"{dotenv}, line 2: DATABASE_URL is wrong:" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_each_wrong_value_gets_a_sentence(dotenv: Path) -> None:
    dotenv.write_text("GATEWAY_PORT=http\nAUTH_PORT=99999\n")
    with pytest.raises(CannotStart) as raised:
        LocalSettings.load(dotenv)
    assert [sentence.split(": ")[1] for sentence in raised.value.args] == [
        "GATEWAY_PORT is wrong",
        "AUTH_PORT is wrong",
    ]


def test_a_wrong_value_of_the_environment_is_not_blamed_on_the_file(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text("WORKERS=1\n")
    monkeypatch.setenv("WORKERS", "many")
    with pytest.raises(CannotStart, match="The environment: WORKERS is wrong"):
        LocalSettings.load(dotenv)


def test_the_environment_wins_over_the_file(dotenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv.write_text("GATEWAY_PORT=8090\n")
    monkeypatch.setenv("GATEWAY_PORT", "8091")
    assert LocalSettings.load(dotenv).gateway_port == 8091


def test_two_things_on_one_port_are_named(dotenv: Path) -> None:
    dotenv.write_text("GATEWAY_PORT=8081\n")
    with pytest.raises(CannotStart, match="GATEWAY_PORT and AUTH_PORT are both 8081"):
        LocalSettings.load(dotenv)


def test_a_server_of_somebody_else_needs_no_port_of_ours(dotenv: Path) -> None:
    dotenv.write_text("REDIS_URL=redis://somewhere:6379/0\n")
    assert "REDIS_PORT" not in LocalSettings.load(dotenv).ports()


def test_variables_of_the_services_pass_through(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text("OPENAI_API_KEY=sk-file\nANTHROPIC_API_KEY=\nISSUER=https://file\n")
    monkeypatch.setenv("ISSUER", "https://environment")
    assert dotenv_variables(dotenv) == {"OPENAI_API_KEY": "sk-file"}


def test_a_file_that_is_not_text_is_named(dotenv: Path) -> None:
    dotenv.write_bytes(b"NAME=\xff\xfe\n")
    with pytest.raises(CannotStart, match="is not UTF-8 text"):
        LocalSettings.load(dotenv)


def test_every_setting_is_in_the_example() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    missing = [name for name in LocalSettings.model_fields if f"{name.upper()}=" not in example]
    assert not missing


def test_the_example_changes_nothing() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    assert LocalSettings.load(example) == LocalSettings.load(None)
