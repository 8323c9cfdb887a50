"""The stack as a whole, with real PostgreSQL, Redis and supervisord, and stand-ins for services."""

import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local import commands, ports, strays
from deploy.local.console import Silent
from deploy.local.errors import CannotStart
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack

RUN = Path(__file__).with_name("run_stand_in.py")
STAND_IN = Path(__file__).with_name("stand_in.py")
READY = "Tollgate is ready"

pytestmark = pytest.mark.xdist_group("local-stack")


def stand_in(service: str, *words: str) -> list[str]:
    return [sys.executable, "-S", str(STAND_IN), service, *words]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests, as its first use costs a second."""
    return tmp_path_factory.mktemp("a state folder")


@pytest.fixture
def nothing_left(state: Path) -> Iterator[None]:
    yield
    assert strays.find(state) == []


def up(state: Path, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(RUN), str(state)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        if READY in line:
            return
    pytest.fail(f"It ended: {process.communicate()}")


def eventually(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def make(state: Path, **fields: str) -> Stack:
    """A stack in this process."""
    settings = LocalSettings.load(None, {**ports.free(port_names()), **fields})
    return Stack(settings, state, command=stand_in)


@pytest.mark.usefixtures("nothing_left")
def test_the_data_and_the_secrets_are_there_at_the_second_start(state: Path) -> None:
    with make(state) as first:
        secrets = (state / "secrets.env").read_text()
        with psycopg.connect(database_of(first), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    with make(state) as second, psycopg.connect(database_of(second)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert (state / "secrets.env").read_text() == secrets
        assert second.credentials["TOLLGATE_API_KEY"] == "tg_test_x"


def database_of(stack: Stack) -> str:
    variables = json.loads((stack.layout.environments / "auth.json").read_text())
    return str(variables["DATABASE_URL"])


@pytest.mark.usefixtures("nothing_left")
def test_afterwards_no_process_no_port_and_no_plain_secret_is_left(state: Path) -> None:
    with make(state) as stack:
        used = stack.settings.ports()
        assert all(ports.accepts(used[name]) for name in ("GATEWAY_PORT", "POSTGRES_PORT"))
    ports.check_free(used)
    assert not stack.layout.environments.exists()
    assert not stack.layout.configuration.exists()


@pytest.fixture(scope="class")
def stack(state: Path) -> Iterator[Stack]:
    with make(state) as stack:
        yield stack


class TestWhileItRuns:
    def test_a_killed_service_comes_back(self, stack: Stack) -> None:
        first = stack.supervisor.pids()["auth"]
        os.kill(first, signal.SIGKILL)
        eventually(lambda: stack.supervisor.pids().get("auth", first) != first)
        eventually(lambda: ports.accepts(stack.settings.auth_port))
        assert stack.supervisor.pids()["auth"] != first

    def test_no_secret_is_on_a_command_line(self, stack: Stack) -> None:
        lines = (stack.state / "secrets.env").read_text().splitlines()
        secrets = [line.split("=", 1)[1] for line in lines if "=" in line]
        shown = " ".join(word for each in strays.find(stack.state) for word in each.cmdline())
        assert "stand_in.py" in shown
        assert not [secret for secret in secrets if secret in shown]

    def test_nobody_else_reads_what_it_writes(self, stack: Stack) -> None:
        readable = stat.S_IRWXO | stat.S_IRGRP | stat.S_IWGRP
        own = [stack.state, stack.layout.logs, *stack.layout.logs.iterdir()]
        assert len(own) > len(stack.supervisor.pids())
        assert [path for path in own if path.stat().st_mode & readable] == []

    def test_a_process_has_the_keys_and_databases_that_it_uses(self, stack: Stack) -> None:
        def has(name: str) -> set[str]:
            file = stack.layout.environments / f"{name}.json"
            return {name for name, value in json.loads(file.read_text()).items() if value}

        secrets = {"DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEY", "SERVICE_CLIENT_SECRET"}
        assert has("llm") >= secrets
        assert has("reports-worker") >= secrets
        assert has("sandbox") & secrets == set()
        assert has("scheduler") & secrets == {"REDIS_URL"}
        assert has("gateway") & secrets == {"REDIS_URL", "SERVICE_CLIENT_SECRET"}

    def test_a_second_start_on_the_same_folder_is_refused(self, stack: Stack) -> None:
        second = up(stack.state)
        _, errors = second.communicate(timeout=20)
        assert second.returncode == 1
        assert f"already running from {stack.state} (process {os.getpid()})" in errors
        assert "Traceback" not in errors


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("request_to_stop", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(state: Path, request_to_stop: signal.Signals) -> None:
    process = up(state)
    wait_ready(process)
    process.send_signal(request_to_stop)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "stopping" in output
    assert errors == ""


@pytest.mark.usefixtures("nothing_left")
def test_the_loss_of_the_terminal_stops_everything(state: Path) -> None:
    ours, terminal = pty.openpty()
    process = up(state, stdout=terminal)
    os.close(terminal)
    shown = b""
    while READY.encode() not in shown:
        shown += os.read(ours, 1000)
    os.close(ours)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == ""


@pytest.mark.usefixtures("nothing_left")
def test_an_interrupted_start_stops_what_it_had_started(state: Path) -> None:
    process = up(state)
    eventually(lambda: strays.find(state))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == ""


@pytest.mark.usefixtures("nothing_left")
def test_down_stops_it_from_elsewhere(state: Path) -> None:
    process = up(state)
    wait_ready(process)
    commands.down(state, Silent())
    process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.usefixtures("nothing_left")
def test_nothing_survives_the_kill_of_up_and_the_next_start_works(state: Path) -> None:
    process = up(state)
    wait_ready(process)
    process.kill()
    process.communicate()
    eventually(lambda: not strays.find(state))
    commands.down(state, Silent())
    assert not (state / "supervisord.conf").exists()
    with make(state):
        pass


@pytest.mark.usefixtures("nothing_left")
def test_without_supervisord_everything_ends_with_a_sentence(state: Path) -> None:
    process = up(state)
    wait_ready(process)
    (supervisord,) = [
        each for each in strays.find(state) if "supervisor.supervisord" in each.cmdline()
    ]
    supervisord.kill()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "supervisord ended" in errors


@pytest.mark.usefixtures("nothing_left")
def test_a_service_that_does_not_start_shows_its_log(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN_SERVICE", "gateway")
    with pytest.raises(CannotStart) as raised:
        make(state).start()
    assert "gateway does not start." in str(raised.value)
    assert "gateway is broken" in str(raised.value)


@pytest.mark.usefixtures("nothing_left")
def test_a_failed_seed_shows_its_log(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKEN_SERVICE", "auth")
    with pytest.raises(CannotStart, match=r"(?s)seed failed\..*auth is broken"):
        make(state).start()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("database_url", "postgresql://me:hunter2@127.0.0.1:1/x"),
        ("database_url", "postgresql+psycopg://me:hunter2@127.0.0.1:1/x"),
        ("redis_url", "redis://:hunter2@127.0.0.1:1/0"),
    ],
)
def test_an_unreachable_server_is_named_without_its_password(
    state: Path, name: str, url: str
) -> None:
    with pytest.raises(CannotStart) as raised:
        make(state, **{name: url}).start()
    assert str(raised.value).startswith(f"{name.upper()}: ")
    assert "127.0.0.1:1 " in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.usefixtures("nothing_left")
def test_servers_of_somebody_else_are_used_and_not_started(
    state: Path, database_url: str, redis_database: str
) -> None:
    with make(state, database_url=database_url, redis_url=redis_database) as stack:
        assert database_of(stack) == database_url
        assert not {"postgres", "redis"} & set(stack.supervisor.pids())


def test_a_port_in_use_stops_the_start_before_anything_runs(state: Path) -> None:
    stack = make(state)
    with socket.create_server(("127.0.0.1", stack.settings.llm_port)):
        with pytest.raises(CannotStart, match=f"Port {stack.settings.llm_port} is in use by"):
            stack.start()
        assert stack.supervisor.pids() == {}
