"""Domains of single sign-on are approved for an organisation: those that it has, to begin with.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FILL = """
INSERT INTO sso_approved_domains (domain, org_id)
SELECT d.domain, p.org_id FROM sso_domains d JOIN sso_providers p ON p.id = d.provider_id
"""


def upgrade():
    op.create_table(
        "sso_approved_domains",
        sa.Column("domain", sa.String(253), primary_key=True),
        sa.Column(
            "org_id", sa.String(40), sa.ForeignKey("organisations.id"), nullable=False, index=True
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.execute(FILL)


def downgrade():
    op.drop_table("sso_approved_domains")
