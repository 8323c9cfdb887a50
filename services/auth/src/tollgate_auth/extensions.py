"""The Flask extensions, unbound; `create_app` binds them."""

from pathlib import Path

from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy

from tollgate_auth.database import metadata

SCHEMA = "auth"
VERSIONS = Path(__file__).with_name("migrations") / "versions"
LOOKUPS = "lookups"

db = SQLAlchemy(metadata=metadata)
jwt_manager = JWTManager()
