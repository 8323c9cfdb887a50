"""One account's right to pass a folder, as an entry of the folder's access control list.

The list is an extended attribute (acl(5), Linux' posix_acl_xattr.h): a version, then for each entry
its tag, its permissions and an id. Neither Python nor a bare system has a command for it.
"""

import contextlib
import errno
import os
import stat
import struct
from pathlib import Path
from typing import NamedTuple

ATTRIBUTE = "system.posix_acl_access"
_VERSION = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_CURRENT = 2
_OWNER, _USER, _GROUP_OWNER, _MASK, _OTHERS = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_PASS = 1
_NONE = {errno.ENODATA, errno.EOPNOTSUPP}


class Entry(NamedTuple):
    """One entry; the list is sorted by tag and id."""

    tag: int
    permissions: int
    id: int = _NO_ID


def let_pass(folder: Path, user: int) -> bool:
    """Let a user pass a folder of ours, and return whether the file system can say so."""
    entries = {(each.tag, each.id): each for each in _entries(folder)}
    entries[_USER, user] = Entry(_USER, _permissions(entries, _USER, user) | _PASS, user)
    group = _permissions(entries, _GROUP_OWNER)
    entries[_MASK, _NO_ID] = Entry(_MASK, _permissions(entries, _MASK, other=group) | _PASS)
    packed = [_ENTRY.pack(*entry) for entry in sorted(entries.values(), key=_order)]
    with contextlib.suppress(OSError):
        os.setxattr(folder, ATTRIBUTE, _VERSION.pack(_CURRENT) + b"".join(packed))
        return True
    return False


def _order(entry: Entry) -> tuple[int, int]:
    return entry.tag, entry.id


def _permissions(
    entries: dict[tuple[int, int], Entry], tag: int, user: int = _NO_ID, other: int = 0
) -> int:
    entry = entries.get((tag, user))
    return other if entry is None else entry.permissions


def _entries(folder: Path) -> list[Entry]:
    """Return the list that the folder has, or the one that its mode comes to."""
    try:
        packed = os.getxattr(folder, ATTRIBUTE)
    except OSError as error:
        if error.errno not in _NONE:
            raise
        mode = stat.S_IMODE(folder.stat().st_mode)
        return [
            Entry(_OWNER, mode >> 6 & 7),
            Entry(_GROUP_OWNER, mode >> 3 & 7),
            Entry(_OTHERS, mode & 7),
        ]
    return [Entry(*each) for each in _ENTRY.iter_unpack(packed[_VERSION.size :])]
