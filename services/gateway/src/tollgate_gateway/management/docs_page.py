"""`/docs`: Swagger UI and the page around it, in files of which none comes from elsewhere."""

from collections.abc import Mapping
from pathlib import Path

from flask import Response, render_template
from flask.helpers import send_from_directory

VERSION = "5.35.0"
_HERE = Path(__file__).parent
SWAGGER_UI = _HERE / "swagger_ui"
OWN = _HERE / "static"
FILES: Mapping[str, Path] = {
    "swagger-ui-bundle.js": SWAGGER_UI,
    "swagger-ui.css": SWAGGER_UI,
    "favicon-32x32.png": SWAGGER_UI,
    "docs.js": OWN,
    "docs.css": OWN,
}
RELEASE_SECONDS = 24 * 60 * 60
"""How long a browser may keep a file of a release, which its address names."""


def docs_page() -> str:
    return render_template("docs.html", version=VERSION)


def docs_file(name: str) -> Response:
    """Return one of the page's files, or raise `NotFound`."""
    folder = FILES.get(name, OWN)
    max_age = RELEASE_SECONDS if folder is SWAGGER_UI else 0
    return send_from_directory(folder, name, max_age=max_age)
