"""Which organisation may claim a domain: one at most, as the operator says.

Whoever claims a domain logs in anybody of it. An organisation that is alone in its installation
claims what it likes, and keeps it when others come. With several, a domain has to be approved for
one of them; what is not is refused alike, whether or not another organisation has it.
"""

from collections.abc import Sequence

from tollgate_auth.audit import service as audit
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.sso import repository
from tollgate_common.errors import Conflict, InvalidField


class DomainNotApproved(InvalidField):
    code = "domain_not_approved"

    def __init__(self, domain: str) -> None:
        super().__init__(
            f"domains: {domain} has not been approved for this organisation. Whoever runs this"
            " installation does so with `tollgate-auth sso approve-domain`.",
            param="domains",
        )


def check(org: str, domains: Sequence[str]) -> None:
    """`DomainNotApproved` for the first domain that the organisation may not claim."""
    missing = sorted(set(domains) - repository.approved_domains(org))
    if not missing:
        return
    if list(organisations.all_ids()) != [org]:
        raise DomainNotApproved(missing[0])
    for domain in missing:
        repository.approve_domain(domain, org)


def approve(domain: str, org: str) -> None:
    """The organisation may claim the domain, and no other; `Conflict` while another has it."""
    organisations.lock(org)
    if repository.claimant(domain) not in (None, org):
        raise Conflict(f"Another organisation logs people of {domain} in.")
    repository.approve_domain(domain, org)
    after = {"domain": domain}
    audit.record(org, audit.SYSTEM, "sso.domain_approved", ("organisation", org), after=after)
