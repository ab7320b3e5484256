"""Add row-level security, which isolates tenants, the database roles of the product, and the append-only audit log.

Revision ID: a37f010e2833
Revises: 0a30623c85d6
Create Date: 2026-11-22 19:08:41.247648
"""

from collections.abc import Sequence

from alembic import op


revision: str = 'a37f010e2833'
down_revision: str | None = '0a30623c85d6'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


APP, LOOKUP, ADMIN = "epoch_app", "epoch_lookup", "epoch_admin"
# nullif, because after a transaction that set the value it is '' in the connection's next transaction.
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
PERSON = "nullif(current_setting('app.user', true), '')::uuid"

TENANT_TABLES = (
    "api_key",
    "audit_event",
    "call",
    "call_event",
    "embed_token",
    "invitation",
    "membership",
    "number_purchase",
    "phone_number",
    "refused_origin",
    "upgrade_request",
)
USER_TABLES = ("login_session", "one_time_link", "recovery_code", "throttle", "user_account")
"""Tables without an organization: a user may belong to several organizations or to none."""

# The rights of the look-up role, which finds the organization of a request: only the columns that it needs.
LOOKUP_RIGHTS = {
    "embed_token": (
        "SELECT (id, organization_id, digest, allowed_domains, last_used_at, last_origin, revoked_at)",
        "UPDATE (last_used_at, last_origin)",
    ),
    "organization": ("SELECT (id, name, plan, country, suspended_at, deleted_at)",),
    "phone_number": ("SELECT (id, organization_id, e164, released_at)",),
    "call": ("SELECT (id, organization_id, carrier_sid, token_id, call_id, status, duration, end_reason)",),
    "api_key": (
        "SELECT (id, organization_id, digest, label, scope, last_used_at, revoked_at)",
        "UPDATE (last_used_at)",
    ),
    "invitation": ("SELECT (id, organization_id, digest, accepted_at, revoked_at, expires_at)",),
    "number_purchase": ("SELECT (id, organization_id, state, created_at)",),
    "refused_origin": ("SELECT", "INSERT", "UPDATE"),
}


def upgrade() -> None:
    for role in (APP, LOOKUP, ADMIN):
        op.execute(
            f"""
            DO $$ BEGIN
                -- Roles belong to the server, not to the database: another database may have made them.
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$
            """
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table in (*TENANT_TABLES, *USER_TABLES, "organization"):
        rights = "SELECT, INSERT" if table == "audit_event" else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON \"{table}\" TO {APP}, {ADMIN}")
    for table in (*TENANT_TABLES, "organization"):
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY everything ON "{table}" TO {ADMIN} USING (true) WITH CHECK (true)')
    for table in TENANT_TABLES:
        op.execute(
            f'CREATE POLICY tenant ON "{table}" TO {APP} '
            f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
        )
    op.execute(f"CREATE POLICY tenant ON organization TO {APP} USING (id = {ORGANIZATION}) WITH CHECK (id = {ORGANIZATION})")
    # A user sees their own memberships and the organizations of these, before an organization is chosen.
    op.execute(f"CREATE POLICY own ON membership FOR SELECT TO {APP} USING (user_id = {PERSON})")
    op.execute(
        f"""
        CREATE POLICY own ON organization FOR SELECT TO {APP} USING (
            EXISTS (SELECT FROM membership m WHERE m.organization_id = organization.id AND m.user_id = {PERSON})
        )
        """
    )
    # Audit events about a user's own account have no organization.
    op.execute(
        f"""
        CREATE POLICY own ON audit_event TO {APP}
        USING (organization_id IS NULL AND actor_id = {PERSON})
        WITH CHECK (organization_id IS NULL AND actor_id = {PERSON})
        """
    )
    for table, rights in LOOKUP_RIGHTS.items():
        for right in rights:
            op.execute(f'GRANT {right} ON "{table}" TO {LOOKUP}')
        op.execute(f'CREATE POLICY lookup ON "{table}" TO {LOOKUP} USING (true) WITH CHECK (true)')
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only ON audit_event")
    op.execute("DROP FUNCTION refuse_change()")
    for table in (*TENANT_TABLES, "organization"):
        for policy in ("everything", "tenant", "own", "lookup"):
            op.execute(f'DROP POLICY IF EXISTS {policy} ON "{table}"')
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    for table in (*TENANT_TABLES, *USER_TABLES, "organization"):
        op.execute(f'REVOKE ALL ON "{table}" FROM {APP}, {LOOKUP}, {ADMIN}')
    # The roles stay: other databases of this server may use them.
