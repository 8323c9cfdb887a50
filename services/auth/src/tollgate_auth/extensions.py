"""The Flask extensions, unbound; `create_app` binds them."""

from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy

from tollgate_auth.database import metadata

SCHEMA = "auth"
LOOKUPS = "lookups"

db = SQLAlchemy(metadata=metadata)
jwt_manager = JWTManager()
