"""The Flask extensions, unbound; `create_app` binds them."""

from pathlib import Path

from flask_sqlalchemy import SQLAlchemy

from tollgate_llm.database import metadata

SCHEMA = "llm"
VERSIONS = Path(__file__).with_name("migrations") / "versions"

db = SQLAlchemy(metadata=metadata)
