"""What supervisord is told."""

import configparser
import json
import stat
from pathlib import Path

from deploy.local import supervision
from deploy.local.programs import Program
from deploy.local.supervision import Layout

SECRET = 'it\'s "100%" ; hunter2 # really'
PROGRAMS = [
    Program("postgres", ["/opt/post gres/postgres", "-D", "/data"]),
    Program("redis", ["/opt/redis-server", "/data/redis.conf"]),
    Program("auth", ["/opt/python", "auth", "serve"], {"ENCRYPTION_KEY": SECRET}, 8081, 9081),
]


def parsed(layout: Layout) -> configparser.ConfigParser:
    """As supervisord reads it."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";", "#"))
    parser.read(layout.configuration)
    return parser


def test_no_secret_is_in_the_configuration_nor_on_a_command_line(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    supervision.write(layout, PROGRAMS, 15)
    assert "hunter2" not in layout.configuration.read_text()
    file = layout.environments / "auth.json"
    assert json.loads(file.read_text()) == {"ENCRYPTION_KEY": SECRET}
    for private in (file, layout.configuration):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_services_stop_before_the_servers_that_hold_their_data(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    supervision.write(layout, PROGRAMS, 15)
    groups = parsed(layout)
    assert groups["group:data"]["programs"] == "postgres,redis"
    assert groups["group:tollgate"]["programs"] == "auth"
    assert int(groups["group:data"]["priority"]) < int(groups["group:tollgate"]["priority"])


def test_a_killed_program_comes_back(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    supervision.write(layout, PROGRAMS, 15)
    section = parsed(layout)["program:auth"]
    assert section["autorestart"] == "true"
    assert section["killasgroup"] == "true"


def test_only_the_data_servers_start_by_themselves(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    supervision.write(layout, PROGRAMS, 15)
    names = ["postgres", "redis", "auth"]
    started = [parsed(layout)[f"program:{name}"]["autostart"] for name in names]
    assert started == ["true", "true", "false"]


def test_without_servers_of_our_own_there_is_no_empty_group(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    supervision.write(layout, PROGRAMS[2:], 15)
    assert "group:data" not in parsed(layout)


def test_a_percent_sign_in_a_path_survives(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "100%")
    layout.state.mkdir()
    supervision.write(layout, PROGRAMS, 15)
    assert "100%%" in parsed(layout)["supervisord"]["logfile"]


def test_the_socket_of_a_deep_folder_has_a_short_path_that_is_nobodys_to_take(
    tmp_path: Path,
) -> None:
    deep = Layout(tmp_path / ("deep" * 40))
    for _ in range(2):
        supervision.write(deep, PROGRAMS, 15)
    folder = deep.socket.parent
    assert len(str(deep.socket)) <= supervision.SOCKET_BYTES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert parsed(deep)["unix_http_server"]["file"] == str(deep.socket)
    other = Layout(tmp_path / ("deep" * 41))
    supervision.write(other, PROGRAMS, 15)
    assert other.socket != deep.socket
    for layout in (deep, other):
        supervision.remove(layout)
        assert not layout.run.is_symlink()
    assert not folder.exists()


def test_nobody_else_reads_the_logs(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.logs.mkdir(mode=0o755)
    supervision.write(layout, PROGRAMS, 15)
    assert stat.S_IMODE(layout.logs.stat().st_mode) == 0o700
