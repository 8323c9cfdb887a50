"""Invitations, service accounts, sessions with scopes, networks of keys.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What the schema before knew nothing of.
FORGET_MACHINES = (
    "DELETE FROM key_secrets WHERE key_id IN (SELECT id FROM keys WHERE user_id LIKE 'sva\\_%')",
    "DELETE FROM keys WHERE user_id LIKE 'sva\\_%'",
    "DELETE FROM sessions WHERE user_id LIKE 'sva\\_%'",
    "DELETE FROM limits WHERE subject_id LIKE 'sva\\_%'",
    "DELETE FROM users WHERE id LIKE 'sva\\_%'",
)


def upgrade():
    op.alter_column("users", "email", nullable=True)
    op.alter_column("users", "role", nullable=True)
    op.alter_column("sessions", "refresh_hash", nullable=True)
    op.add_column("sessions", sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column(
        "keys",
        sa.Column("networks", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_table(
        "service_accounts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=4), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("models", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["users.id"], name=op.f("fk_service_accounts_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_service_accounts_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_accounts")),
    )
    op.create_index(
        op.f("ix_service_accounts_project_id"), "service_accounts", ["project_id"], unique=False
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("invited_by", sa.String(length=100), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_invitations_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_org_id"), "invitations", ["org_id"], unique=False)


def downgrade():
    op.drop_table("invitations")
    op.drop_table("service_accounts")
    for statement in FORGET_MACHINES:
        op.execute(statement)
    op.drop_column("keys", "networks")
    op.drop_column("sessions", "scopes")
    op.alter_column("sessions", "refresh_hash", nullable=False)
    op.alter_column("users", "role", nullable=False)
    op.alter_column("users", "email", nullable=False)
