"""What a web service's process is given before it serves."""

import subprocess
import sys

PROGRAM = """
import resource
from tollgate_common.server import allow_connections
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
allow_connections()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most))
"""


def test_a_process_may_open_as_many_files_as_it_can_be_given() -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert found.stdout == "True\n", found.stderr
