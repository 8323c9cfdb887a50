"""`python -m deploy.local COMMAND`: what `make up` and its companions run."""

import argparse
import os
import sys
from pathlib import Path

from deploy.local import commands
from deploy.local.console import Console
from deploy.local.errors import CannotStart

COMMANDS = {
    "up": commands.up,
    "down": commands.down,
    "status": commands.status,
    "logs": commands.logs,
    "migrate": commands.migrate,
    "reset": commands.reset,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    state = Path(os.environ.get("TOLLGATE_STATE_DIR", ".tollgate")).resolve()
    console = Console()
    try:
        COMMANDS[parser.parse_args().command](state, console)
    except CannotStart as error:
        console.error(str(error))
        return 1
    except PermissionError as error:
        console.error(f"Cannot use {error.filename}: it belongs to another user.")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
