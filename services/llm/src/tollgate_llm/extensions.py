"""The Flask extensions, unbound; `create_app` binds them."""

from flask_sqlalchemy import SQLAlchemy

from tollgate_llm.database import metadata

SCHEMA = "llm"

db = SQLAlchemy(metadata=metadata)
