"""Whether ports are free."""

import os
import socket
from collections.abc import Iterator

import pytest

from deploy.local import ports
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


def test_free_ports_are_free_and_differ() -> None:
    found = ports.free(["A_PORT", "B_PORT", "C_PORT"])
    assert len(set(found.values())) == 3
    ports.check_free(found)


def test_a_listener_accepts(taken: int) -> None:
    assert ports.accepts(taken)
    assert not ports.accepts(ports.free(["A_PORT"])["A_PORT"])
