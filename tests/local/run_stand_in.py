"""`run_stand_in.py STATE`: `make up` on free ports, with stand-ins for the services."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from deploy.local import commands, ports
from deploy.local.console import Console
from deploy.local.errors import CannotStart
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack

STAND_IN = Path(__file__).with_name("stand_in.py")


def stand_in(service: str, *words: str) -> list[str]:
    return [sys.executable, "-S", str(STAND_IN), service, *words]


if __name__ == "__main__":
    settings = LocalSettings.load(None, ports.free(port_names()))
    console = Console()
    try:
        commands.run(Stack(settings, Path(sys.argv[1]), None, console, stand_in), console)
    except CannotStart as error:
        console.error(str(error))
        sys.exit(1)
