"""Signed links: whoever has one may download the one report until it expires, without
credentials."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

from tollgate_reports.reports.errors import InvalidLink

PURPOSE = b"tollgate/reports/download"


class Link(NamedTuple):
    url: str
    expires_at: datetime


class Links:
    """Makes and checks links with a key of their own, derived from ENCRYPTION_KEY."""

    def __init__(self, encryption_key: str, seconds: int) -> None:
        key = hmac.new(encryption_key.encode(), PURPOSE, hashlib.sha256).digest()
        self._signer = URLSafeTimedSerializer(
            key, salt=PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._seconds = seconds

    def make(self, report: str) -> Link:
        expires_at = datetime.now(UTC) + timedelta(seconds=self._seconds)
        token = self._signer.dumps(report)
        return Link(f"/api/v1/reports/{report}/download?token={token}", expires_at)

    def check(self, report: str, token: str) -> None:
        """Returns for a good link to this report, else raises `InvalidLink`."""
        try:
            signed = self._signer.loads(token, max_age=self._seconds)
        except BadData:
            signed = None
        if signed != report:
            raise InvalidLink()
