"""Becomes another program, one that does not outlive the process that started it.

    python -I -S tether.py [--signal=TERM] [--user=NAME] [--env=FILE] [--parent=PID] -- command …

The command gets `--signal` as soon as its parent process has died, even by `kill -9`. `--user` is
the account to run as, `--env` a JSON object of variables to add (how secrets stay off command
lines), `--parent` the process id the caller knows as its own, so that a parent which died before
we got here is noticed. Only the standard library, and little of it: this runs before everything.
"""

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.2


def become(user: str) -> None:
    """Drop to `user` for good: groups first, while we still may."""
    import pwd

    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def tie(parent: int, number: int) -> None:
    """Ask the kernel, where it offers that, for signal `number` at the parent's death."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    else:
        watch(parent, number)
    if os.getppid() != parent:
        raise SystemExit("tether: the process this was started for is gone")


def watch(parent: int, number: int) -> None:
    """The same without the kernel: a child of ours looks whether both are still there."""
    command = os.getpid()
    if os.fork():
        return
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    while os.getppid() == command:
        if not alive(parent):
            os.kill(command, number)
            break
        time.sleep(POLL_SECONDS)
    os._exit(0)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def main(words: list[str]) -> None:
    split = words.index("--")
    options = dict(word.removeprefix("--").split("=", 1) for word in words[:split])
    command = words[split + 1 :]
    if path := options.get("env"):
        for name, value in json.loads(Path(path).read_text()).items():
            if value is None:  # what this program is not to have, whoever has it above
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    if user := options.get("user"):
        become(user)
    tie(
        int(options.get("parent", os.getppid())),
        signal.Signals[f"SIG{options.get('signal', 'TERM')}"],
    )
    os.execvp(command[0], command)  # noqa: S606 - a list we wrote, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
