"""One account may pass a folder, and nobody else may because of that."""

import stat
import struct
from pathlib import Path

from tollgate_common.embedded import passing

USER, OTHER = 60_001, 60_002


def entries(folder: Path) -> set[passing.Entry]:
    return set(passing._entries(folder))


def test_a_folder_lets_the_account_pass_and_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    if not passing.let_pass(folder, USER):  # a file system without lists: nothing has changed
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        return
    assert passing.let_pass(folder, OTHER)
    assert passing.let_pass(folder, USER)
    assert entries(folder) == {
        passing.Entry(0x01, 7),
        passing.Entry(0x02, 1, USER),
        passing.Entry(0x02, 1, OTHER),
        passing.Entry(0x04, 0),
        passing.Entry(0x10, 1),
        passing.Entry(0x20, 0),
    }
    assert folder.stat().st_mode & (stat.S_IRWXO | stat.S_IRGRP | stat.S_IWGRP) == 0


def test_what_a_folder_allows_its_group_stays(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o750)
    if passing.let_pass(folder, USER):
        assert passing.Entry(0x04, 5) in entries(folder)
        assert passing.Entry(0x10, 5) in entries(folder)


def test_a_file_system_without_lists_says_so() -> None:
    assert not passing.let_pass(Path("/proc/self"), USER)


def test_an_entry_has_the_size_that_the_kernel_reads() -> None:
    assert (passing._VERSION.size, passing._ENTRY.size) == (4, 8)
    assert struct.calcsize("<HHI") == 8
