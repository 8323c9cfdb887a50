"""Links that are refused: an event of the organisation of whom they were made for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tollgate_auth.audit import service as audit
from tollgate_auth.tokens.links import BadLink, Links
from tollgate_common.logging import get_logger

log = get_logger(__name__)

OrganisationOf = Callable[[str], str | None]


@contextmanager
def link_refusals(
    links: Links, purpose: str, token: str, organisation_of: OrganisationOf
) -> Iterator[None]:
    """Inside, a link that is refused is counted. One that we have not signed, or that is too old to
    be read, is nobody's: it is a log line."""
    try:
        yield
    except BadLink:
        log.info("link_refused", purpose=purpose, address=audit.client_address())
        subject = links.subject_of(purpose, token)
        org = organisation_of(subject) if subject else None
        if org and subject:
            kind = "user" if purpose == "password-reset" else purpose
            target = (kind, subject)
            audit.note(org, audit.ANONYMOUS, "link.refused", target, BadLink.code)
        raise
