from pathlib import Path

import pytest
from pydantic import ValidationError

from tollgate_common.settings import CommonSettings, InvalidConfiguration


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "DATABASE_URL", "ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_is_read_and_the_result_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "1234")
    settings = CommonSettings.load()
    assert settings.port == 1234
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_a_secret_may_come_from_a_file_and_the_variable_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("from-file\n")
    monkeypatch.setenv("ENCRYPTION_KEY_FILE", str(tmp_path / "key"))
    assert CommonSettings.load().secret("encryption_key") == "from-file"
    monkeypatch.setenv("ENCRYPTION_KEY", "from-variable")
    assert CommonSettings.load().secret("encryption_key") == "from-variable"


def test_dotenv_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=1\nLOG_LEVEL=DEBUG\n")
    monkeypatch.setenv("PORT", "2")
    settings = CommonSettings.load()
    assert (settings.port, settings.log_level) == (2, "DEBUG")


def test_a_wrong_value_ends_the_process_with_its_name_and_without_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@[broken/db")
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(InvalidConfiguration) as ending:
        CommonSettings.load()
    assert "DATABASE_URL" in str(ending.value)
    assert "PORT" in str(ending.value)
    assert "hunter2" not in str(ending.value)


def test_a_missing_secret_file_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY_FILE", "/nowhere/key")
    with pytest.raises(InvalidConfiguration, match="/nowhere/key"):
        CommonSettings.load()


def test_a_secret_that_is_needed_and_missing_is_a_sentence() -> None:
    with pytest.raises(InvalidConfiguration, match="ENCRYPTION_KEY is not set"):
        CommonSettings.load().secret("encryption_key")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "very-secret")
    assert "very-secret" not in repr(CommonSettings.load())


def test_the_database_is_reached_through_psycopg_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%40ss@db:5432/tollgate")
    assert CommonSettings.load().database() == "postgresql+psycopg://u:p%40ss@db:5432/tollgate"


def test_networks_that_are_none_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTBOUND_NETWORKS", "10.0.0.0/8, fc00::/7")
    assert CommonSettings.load().outbound_networks == "10.0.0.0/8, fc00::/7"
    monkeypatch.setenv("OUTBOUND_NETWORKS", "gpu.internal")
    with pytest.raises(InvalidConfiguration, match="OUTBOUND_NETWORKS"):
        CommonSettings.load()
