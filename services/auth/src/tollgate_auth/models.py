"""Every table, for what needs to know them all: migrations, and the check that they match."""

from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.audit.series.models import AuditSeries, CountedBatch
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.keys.models import Key, KeySecret
from tollgate_auth.limits.models import LimitRow
from tollgate_auth.members.models import ProjectMember
from tollgate_auth.organisations.models import Organisation
from tollgate_auth.outbox import outbox_rows
from tollgate_auth.projects.models import Project
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.sessions.models import Session
from tollgate_auth.signing_keys.models import SigningKeyRow
from tollgate_auth.sso.models import SsoDomain, SsoProvider, UserIdentity
from tollgate_auth.users.models import User

__all__ = [
    "AuditEntry",
    "AuditSeries",
    "CountedBatch",
    "Invitation",
    "Key",
    "KeySecret",
    "LimitRow",
    "Organisation",
    "Project",
    "ProjectMember",
    "ServiceAccount",
    "Session",
    "SigningKeyRow",
    "SsoDomain",
    "SsoProvider",
    "User",
    "UserIdentity",
    "outbox_rows",
]
