"""The Flask extensions, unbound; `create_app` binds them."""

from flask_sqlalchemy import SQLAlchemy

from tollgate_reports.database import metadata

db = SQLAlchemy(metadata=metadata)
