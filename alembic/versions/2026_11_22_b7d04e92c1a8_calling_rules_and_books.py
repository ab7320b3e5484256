"""Add calling rules, limits and their counters, alerts, the pause of all calls, and the costs of calls.

Revision ID: b7d04e92c1a8
Revises: d6a0c2f41e93
Create Date: 2026-11-22 21:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b7d04e92c1a8"
down_revision: str | None = "d6a0c2f41e93"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
ALL_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
# Requests cannot change limits that staff set, or alerts.
APP_RIGHTS = {
    "calling_rules": ALL_RIGHTS,
    "blocked_number": ALL_RIGHTS,
    "token_limits": ALL_RIGHTS,
    "call_use": ALL_RIGHTS,
    "call_destination": ALL_RIGHTS,
    "limit_override": "SELECT",
    "alert": "SELECT, INSERT",
}
TIME = sa.TIMESTAMP(timezone=True)


def table(name: str, *parts: sa.schema.SchemaItem, owned: bool = True, **options: object) -> None:
    owner = [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], op.f(f"fk_{name}_organization_id"), ondelete="CASCADE"
        ),
    ]
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        *(owner if owned else []),
        *parts,
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        **options,
    )


def counter(name: str, kind: sa.types.TypeEngine[int] | None = None) -> sa.Column[int]:
    return sa.Column(name, kind or sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    texts, big = postgresql.ARRAY(sa.Text()), sa.BigInteger()
    table(
        "calling_rules",
        sa.Column("countries", texts, nullable=True),
        sa.Column("limits", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.UniqueConstraint("organization_id", name=op.f("uq_calling_rules_organization_id")),
    )
    table(
        "blocked_number",
        sa.Column("number", sa.Text(), nullable=False),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_blocked_number_organization_id_number")),
    )
    table(
        "token_limits",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("minutes_per_day", sa.Integer(), nullable=True),
        sa.Column("live_calls", sa.Integer(), nullable=True),
        sa.Column("countries", texts, nullable=True),
        sa.ForeignKeyConstraint(["token_id"], ["embed_token.id"], op.f("fk_token_limits_token_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("token_id", name=op.f("uq_token_limits_token_id")),
    )
    op.create_index(op.f("ix_token_limits_organization_id"), "token_limits", ["organization_id"])
    table(
        "limit_override",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", big, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_limit_override_organization_id_name")),
    )
    scopes = ("organization", "token", "identity")
    table(
        "call_use",
        sa.Column("scope", sa.Enum(*scopes, name="scope", native_enum=False, length=32), nullable=False),
        sa.CheckConstraint(f"scope IN {scopes}", name=op.f("ck_call_use_scope")),
        sa.Column("key", sa.Text(), nullable=False),
        counter("live"),
        counter("held_minutes", big),
        counter("held_micros", big),
        sa.Column("minute_start", TIME, nullable=False),
        counter("minute_attempts"),
        sa.Column("day", TIME, nullable=False),
        counter("day_attempts"),
        counter("day_refused"),
        counter("day_minutes", big),
        counter("day_micros", big),
        sa.Column("month", TIME, nullable=False),
        counter("month_minutes", big),
        counter("month_micros", big),
        sa.UniqueConstraint("organization_id", "scope", "key", name=op.f("uq_call_use_organization_id_scope_key")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ix_call_use_identity", "call_use", ["organization_id", "id"], postgresql_where=sa.text("scope = 'identity'")
    )
    table(
        "call_destination",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("is_foreign", sa.Boolean(), nullable=False),
        sa.Column("hour_start", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_call_destination_organization_id_number")),
    )
    op.create_index("ix_call_destination_seen", "call_destination", ["organization_id", "seen_at", "is_foreign"])
    kinds = ("foreign_destinations", "near_limit")
    table(
        "alert",
        sa.Column("kind", sa.Enum(*kinds, name="alertkind", native_enum=False, length=32), nullable=False),
        sa.CheckConstraint(f"kind IN {kinds}", name=op.f("ck_alert_alertkind")),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_start", TIME, nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.UniqueConstraint(
            "organization_id", "kind", "subject", "window_start", name=op.f("uq_alert_organization_id_kind_subject_window_start")
        ),
    )
    table("calling_pause", sa.Column("reason", sa.Text(), server_default="", nullable=False), owned=False)
    op.create_index("uq_calling_pause_only", "calling_pause", [sa.text("(true)")], unique=True)
    for name, rights in APP_RIGHTS.items():
        op.execute(f"GRANT {rights} ON {name} TO {APP}")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY everything ON {name} TO {ADMIN} USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY tenant ON {name} TO {APP} "
            f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
        )
    for name in (*APP_RIGHTS, "calling_pause"):
        op.execute(f"GRANT {ALL_RIGHTS} ON {name} TO {ADMIN}")
    op.execute(f"GRANT SELECT ON calling_pause TO {APP}")
    op.add_column("call", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("call", sa.Column("limit_minutes", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("rate_micros", big, nullable=True))
    op.add_column("call", sa.Column("slot_until", TIME, nullable=True))
    op.add_column("call", counter("billed_minutes"))
    op.add_column("call", counter("cost_micros", big))
    op.add_column("call", sa.Column("is_priced", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_call_slot", "call", ["organization_id", "slot_until"], postgresql_where=sa.text("slot_until IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_call_slot", "call")
    for name in (
        "is_priced",
        "cost_micros",
        "billed_minutes",
        "slot_until",
        "rate_micros",
        "limit_minutes",
        "country",
    ):
        op.drop_column("call", name)
    for name in ("calling_pause", *reversed(APP_RIGHTS)):
        op.drop_table(name)
