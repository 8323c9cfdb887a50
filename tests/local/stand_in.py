"""Stands in for every service: `stand_in.py SERVICE WORD …` does what the stack relies on.

A web process answers /readyz on PORT, a background one listens on METRICS_PORT, `seed` writes the
credentials, `migrate` ends at once. Nothing but the standard library, so that it starts fast.
"""

import http.server
import os
import sys
from pathlib import Path


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": "ready", "checks": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def main(service: str, word: str, *rest: str) -> None:
    if service == os.environ.get("BROKEN_SERVICE") and word != "migrate":
        raise SystemExit(f"{service} is broken")
    if word == "migrate":
        assert os.environ["DATABASE_URL"]
    elif word == "seed":
        lines = ["TOLLGATE_ADMIN_EMAIL=admin@tollgate.local", "TOLLGATE_API_KEY=tg_test_x"]
        Path(rest[1]).write_text("\n".join(lines) + "\n")
    else:
        port = int(os.environ.get("PORT") or os.environ["METRICS_PORT"])
        http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
