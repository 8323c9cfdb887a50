"""The provider behind every gateway: nginx, which answers the same at once to whatever is asked.

Below /v1 a whole completion, below /stream/v1 the 52-chunk stream, a write for each event, and
chunked as OpenAI's is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import ports
from tests.bench import canned
from tests.bench.processes import running, until_answers

CONFIGURATION = """\
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  client_max_body_size 8m; client_body_buffer_size 512k;
  keepalive_requests 1000000000; keepalive_timeout 3600s; tcp_nodelay on;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /v1/chat/completions {{ error_page 405 =200 /canned/completion; return 405; }}
    location = /stream/v1/chat/completions {{ error_page 405 =200 /canned/stream; return 405; }}
    location = /canned/completion {{
      internal; alias {folder}/completion; default_type application/json;
    }}
    location = /canned/stream {{
      internal; alias {folder}/stream; default_type text/event-stream;
      sendfile off; output_buffers 1 {chunk}; postpone_output 0; ssi on; ssi_types *;
    }}
  }}
}}
"""


@contextmanager
def upstream(nginx: str, folder: Path, core: int) -> Iterator[str]:
    """Its address."""
    port = ports.free(["nginx"])["nginx"]
    (folder / "completion").write_bytes(canned.completion())
    (folder / "stream").write_bytes(canned.stream())
    text = CONFIGURATION.format(port=port, folder=folder, chunk=canned.CHUNK_BYTES)
    (folder / "nginx.conf").write_text(text)
    words = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with running(words, folder, core) as process:
        url = f"http://127.0.0.1:{port}"
        until_answers(url, process)
        yield url
