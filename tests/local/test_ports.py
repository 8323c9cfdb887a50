"""Whether ports are free."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports, strays
from deploy.local.errors import CannotStart


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on, on every address."""
    with socket.socket() as listener:
        listener.bind(("", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_its_holder_and_the_way_out(taken: int) -> None:
    with pytest.raises(CannotStart) as raised:
        ports.check_free({"AUTH_PORT": taken})
    sentence = str(raised.value)
    assert sentence.startswith(f"Port {taken} is in use by ")
    assert f"(process {os.getpid()})" in sentence
    assert "set AUTH_PORT to a free port" in sentence


def test_another_stack_is_named_by_its_folder(tmp_path: Path) -> None:
    names = ports.free(["AUTH_PORT", "LLM_PORT"])
    code = """
import socket, sys
listeners = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
print(flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, names.values())],
        env=os.environ | {strays.MARK: str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(CannotStart, match=f"The Tollgate of {tmp_path} uses 2 of our ports"):
            ports.check_free(names)
        assert other.stdin
        other.stdin.close()


def test_free_ports_are_free_and_differ() -> None:
    found = ports.free(["A_PORT", "B_PORT", "C_PORT"])
    assert len(set(found.values())) == 3
    ports.check_free(found)


def test_a_listener_accepts(taken: int) -> None:
    assert ports.accepts(taken)
    assert not ports.accepts(ports.free(["A_PORT"])["A_PORT"])
