from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select, text

from tollgate_auth.extensions import db
from tollgate_auth.organisations.models import Organisation


def add(organisation: Organisation) -> None:
    db.session.add(organisation)
    db.session.flush()


def get(org: str) -> Organisation:
    return db.session.get_one(Organisation, org)


def all_ids() -> Sequence[str]:
    return db.session.scalars(select(Organisation.id).order_by(Organisation.id)).all()


def lock(org: str) -> Organisation:
    """Every change inside an organisation begins here: one at a time, until the transaction ends.

    So a key made while a limit is being added cannot miss it, the audit log is one chain, and two
    changes cannot wait for each other. Reads and key look-ups do not wait.
    """
    statement = (
        select(Organisation)
        .where(Organisation.id == org)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(statement).one()


@contextmanager
def founding() -> Iterator[None]:
    """Nobody else founds an organisation meanwhile, whatever this process commits in between."""
    with db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('tollgate-auth-founding'))"))
        connection.commit()
        try:
            yield
        finally:
            connection.invalidate()
