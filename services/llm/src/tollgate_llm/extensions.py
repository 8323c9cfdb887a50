"""The Flask extensions, unbound; `create_app` binds them."""

from pathlib import Path

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from tollgate_llm.database import metadata

SCHEMA = "llm"
MIGRATIONS = Path(__file__).with_name("migrations")

db = SQLAlchemy(metadata=metadata)
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=False)
