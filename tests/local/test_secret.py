"""The secrets a stack makes for itself."""

import base64
import stat
from pathlib import Path

import pytest

from deploy.local import secret
from deploy.local.errors import CannotStart


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    made = secret.load(file, data=tmp_path / "data")
    assert secret.load(file, data=tmp_path / "data") == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_encryption_key_is_32_bytes_and_each_service_has_its_own(tmp_path: Path) -> None:
    made = secret.load(tmp_path / "secrets.env", data=tmp_path / "data")
    keys = made.encryption_keys
    assert {len(base64.urlsafe_b64decode(key)) for key in keys.values()} == {32}
    assert len(set(keys.values())) == 3


def test_lost_secrets_are_not_replaced_while_their_data_is_there(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"secrets\.env is gone"):
        secret.load(tmp_path / "secrets.env", data=tmp_path)


def test_a_missing_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("POSTGRES_PASSWORD=x\n")
    with pytest.raises(CannotStart, match="REDIS_PASSWORD"):
        secret.load(file, data=tmp_path)
