"""supervisord: its configuration, and a client for its control socket.

Programs come in two groups, each stopped as one: `tollgate` first, then `data`. Nothing secret is
in the configuration: each program's variables are in a file of its own that tether.py reads.
"""

import http.client
import json
import os
import resource
import shlex
import shutil
import tempfile
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from supervisor.xmlrpc import SupervisorTransport

from deploy.local.programs import Program
from tollgate_common.embedded.process import tethered

SOCKET_BYTES = 90  # of the 103 to 107 a system allows: supervisord first binds to name.<pid>
SOCKET = "supervisord.sock"
DATA = ("postgres", "redis")

HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={state}/supervisord.pid
childlogdir={logs}
identifier=tollgate
umask=077
minfds={files}
{user}
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# A killed program is started again at once; one that fails again and again, with growing pauses.
PROGRAM = """
[program:{name}]
command={command}
directory={state}
autostart={autostart}
autorestart=true
startsecs=1
startretries=1000000
stopsignal={signal}
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""

GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""


@dataclass(frozen=True)
class Layout:
    """Where things are below the state folder."""

    state: Path

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def environments(self) -> Path:
        return self.state / "environment"

    @property
    def configuration(self) -> Path:
        return self.state / "supervisord.conf"

    @property
    def run(self) -> Path:
        """A link to where the socket is, if that is not the state folder."""
        return self.state / "run"

    @property
    def socket(self) -> Path:
        """In the state folder, unless its path is too long for a socket (see `write`)."""
        folder = Path(os.readlink(self.run)) if self.run.is_symlink() else self.state
        return folder / SOCKET


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner enters, or make it one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def write(layout: Layout, programs: Sequence[Program], stop_seconds: int) -> None:
    """Write the configuration and each program's variables."""
    private_folder(layout.logs)
    private_folder(layout.environments)
    _make_room_for_socket(layout)
    for program in programs:
        write_environment(layout, program.name, program.environment)
    private(layout.configuration, configuration(layout, programs, stop_seconds))


def _make_room_for_socket(layout: Layout) -> None:
    """Where the state folder's path is too long, the socket gets a folder of its own, by a name
    that nobody could take before."""
    if layout.run.is_symlink() or len(os.fsencode(layout.socket)) <= SOCKET_BYTES:
        return
    layout.run.symlink_to(tempfile.mkdtemp(prefix="tollgate-run-"))


def remove(layout: Layout) -> None:
    """Once all is stopped: what a run writes for itself, secrets above all."""
    shutil.rmtree(layout.environments, ignore_errors=True)
    for file in (layout.configuration, layout.socket):
        file.unlink(missing_ok=True)
    if layout.run.is_symlink():
        shutil.rmtree(os.readlink(layout.run), ignore_errors=True)
        layout.run.unlink()


def write_environment(layout: Layout, name: str, variables: Mapping[str, str | None]) -> Path:
    file = layout.environments / f"{name}.json"
    private(file, json.dumps(variables))
    return file


def private(file: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)


def private_log(file: Path) -> BinaryIO:
    """Open an empty log that only its owner reads."""
    file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def configuration(layout: Layout, programs: Sequence[Program], stop_seconds: int) -> str:
    """The text of supervisord.conf."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    parts = [
        HEAD.format(
            logs=_plain(layout.logs), state=_plain(layout.state), socket=_plain(layout.socket),
            files=files, user="user=root\n" if os.geteuid() == 0 else "",
        )
    ]  # fmt: skip
    parts += [_section(layout, program, stop_seconds) for program in programs]
    names = [program.name for program in programs]
    for priority, (group, members) in enumerate(
        {
            "data": [name for name in names if name in DATA],
            "tollgate": [name for name in names if name not in DATA],
        }.items()
    ):
        if members:
            parts.append(
                GROUP.format(name=group, programs=",".join(members), priority=priority + 1)
            )
    return "".join(parts)


def _section(layout: Layout, program: Program, stop_seconds: int) -> str:
    data = program.name in DATA
    environment = layout.environments / f"{program.name}.json"
    words = program.command if data else tethered(program.command, env=environment)
    return PROGRAM.format(
        name=program.name,
        command=_plain(shlex.join(words)),
        state=_plain(layout.state),
        logs=_plain(layout.logs),
        autostart="true" if data else "false",
        signal="INT" if program.name == "postgres" else "TERM",
        stop_seconds=stop_seconds,
    )


def _plain(value: object) -> str:
    """A value without what supervisord's own format would take for its own: % and ` ;`."""
    return str(value).replace("%", "%%")


class Supervisor:
    """Talks to a running supervisord through its control socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def _call(self, method: str, *arguments: Any) -> Any:
        """On a connection of its own: after a failure the transport cannot be used again."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        server: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(server.supervisor, method)(*arguments)
        except (http.client.HTTPException, xmlrpc.client.Error) as error:
            raise OSError(f"supervisord: {error}") from error
        finally:
            transport.close()

    def processes(self) -> dict[str, dict[str, Any]]:
        """Program → {"statename", "pid", "start", …}. Raises OSError where nobody answers."""
        return {info["name"]: info for info in self._call("getAllProcessInfo")}

    def lacks(self) -> str | None:
        """None once it answers."""
        try:
            self.processes()
        except OSError as error:
            return str(error)
        return None

    def pids(self) -> dict[str, int]:
        """Program → process id, of those that run; nothing while supervisord itself starts."""
        try:
            return {name: info["pid"] for name, info in self.processes().items() if info["pid"]}
        except OSError:
            return {}

    def start_services(self) -> None:
        self._call("startProcessGroup", "tollgate", False)
