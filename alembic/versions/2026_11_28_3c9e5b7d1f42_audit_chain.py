"""Chain the audit log: each event's digest covers the event before it; existing events are chained in order of id.

Revision ID: 3c9e5b7d1f42
Revises: f3a8d52c6b17
Create Date: 2026-11-28 20:50:00
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "3c9e5b7d1f42"
down_revision: str | None = "f3a8d52c6b17"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PLATFORM_CHAIN_ID = "'00000000-0000-0000-0000-000000000000'::uuid"
ADMIN = "epoch_admin"
BATCH_ROWS = 5000
COLUMNS = ("sequence", "digest", "field_salts", "field_digests")
ERASABLE = ("actor_name", "subject_name", "address", "details")

# As docs/audit-log.md specifies; src/kit/audit_chain.py has the same in Python, for verification.
NETSTRING = """
    CREATE FUNCTION audit_netstring(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN value IS NULL THEN '-,' ELSE octet_length(value) || ':' || value || ',' END $$
"""
DIGEST = """
    CREATE FUNCTION audit_digest(chain uuid, event audit_event, previous bytea) RETURNS bytea LANGUAGE sql STABLE AS
    $$ SELECT sha256(convert_to(
        audit_netstring('epoch-audit-1') || audit_netstring(chain::text) || audit_netstring(event.sequence::text)
        || audit_netstring(encode(previous, 'hex')) || audit_netstring(event.id::text)
        || audit_netstring((extract(epoch FROM event.created_at) * 1000000)::bigint::text)
        || audit_netstring(event.actor_kind) || audit_netstring(event.actor_id::text)
        || audit_netstring(event.action) || audit_netstring(event.subject_id::text)
        || audit_netstring(encode(event.field_digests[1], 'hex')) || audit_netstring(encode(event.field_digests[2], 'hex'))
        || audit_netstring(encode(event.field_digests[3], 'hex')) || audit_netstring(encode(event.field_digests[4], 'hex')),
        'UTF8')) $$
"""
# Runs as the owner, because no other role may change events. Chains are locked in the order of their ids, so two
# transactions with events in the same chains do not deadlock.
EXTEND = f"""
    CREATE FUNCTION extend_audit_chains(events uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS
    $$ DECLARE
        head audit_chain;
        event audit_event;
        chain uuid;
    BEGIN
        INSERT INTO audit_chain (id, length)
        SELECT DISTINCT coalesce(organization_id, {PLATFORM_CHAIN_ID}), 0 FROM audit_event
        WHERE id = ANY(events) AND sequence IS NULL ORDER BY 1
        ON CONFLICT (id) DO NOTHING;
        PERFORM FROM audit_chain WHERE id IN (
            SELECT coalesce(organization_id, {PLATFORM_CHAIN_ID}) FROM audit_event WHERE id = ANY(events) AND sequence IS NULL
        ) ORDER BY id FOR UPDATE;
        FOR event IN
            SELECT * FROM audit_event WHERE id = ANY(events) AND sequence IS NULL
            ORDER BY coalesce(organization_id, {PLATFORM_CHAIN_ID}), id
        LOOP
            chain := coalesce(event.organization_id, {PLATFORM_CHAIN_ID});
            IF head.id IS DISTINCT FROM chain THEN
                UPDATE audit_chain SET length = head.length, digest = head.digest WHERE id = head.id;
                SELECT * INTO STRICT head FROM audit_chain WHERE id = chain;
            END IF;
            event.sequence := head.length + 1;
            event.field_salts := ARRAY[
                uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()),
                uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid())
            ];
            event.field_digests := ARRAY[
                sha256(event.field_salts[1] || convert_to(event.actor_name, 'UTF8')),
                sha256(event.field_salts[2] || convert_to(event.subject_name, 'UTF8')),
                sha256(event.field_salts[3] || convert_to(event.address, 'UTF8')),
                sha256(event.field_salts[4] || convert_to(coalesce(event.details::text, ''), 'UTF8'))
            ];
            event.digest := audit_digest(chain, event, head.digest);
            UPDATE audit_event SET sequence = event.sequence, digest = event.digest,
                field_salts = event.field_salts, field_digests = event.field_digests WHERE id = event.id;
            head.length := event.sequence;
            head.digest := event.digest;
        END LOOP;
        UPDATE audit_chain SET length = head.length, digest = head.digest WHERE id = head.id;
    END $$
"""
# Deferred to the commit, so that a chain is not locked while a request works. The first event of a transaction chains
# all its events; the trigger before the insert collects their ids.
CHAIN_EVENT = """
    CREATE FUNCTION chain_audit_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS
    $$ DECLARE
        number bigint;
    BEGIN
        SELECT sequence INTO number FROM audit_event WHERE id = NEW.id;
        IF NOT FOUND THEN RAISE EXCEPTION 'audit_event: the owner of the table cannot see the event to chain'; END IF;
        IF number IS NULL THEN
            PERFORM extend_audit_chains(
                NEW.id || string_to_array(coalesce(current_setting('app.audit_events', true), ''), ' ')::uuid[]
            );
            PERFORM set_config('app.audit_events', '', true);
        END IF;
        RETURN NULL;
    END $$
"""
START_UNCHAINED = """
    CREATE FUNCTION start_unchained() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        NEW.sequence := NULL;
        NEW.digest := NULL;
        NEW.field_salts := NULL;
        NEW.field_digests := NULL;
        PERFORM set_config(
            'app.audit_events', concat_ws(' ', nullif(current_setting('app.audit_events', true), ''), NEW.id), true
        );
        RETURN NEW;
    END $$
"""
ALLOW_CHAINING = " ".join(f"allowed.{column} := NEW.{column};" for column in COLUMNS)
ALLOW_ERASURE = " ".join(
    f"IF NEW.field_salts[{number}] IS NULL THEN allowed.field_salts[{number}] := NULL;"
    f" allowed.{field} := {empty}; END IF;"
    for number, (field, empty) in enumerate(zip(ERASABLE, ("''", "''", "''", "NULL")), start=1)
)
# Two changes are allowed: an event gets its position in the chain once, and a field is emptied together with its salt.
REFUSE_UPDATE = f"""
    CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS
    $$ DECLARE
        allowed audit_event := OLD;
    BEGIN
        IF OLD.sequence IS NULL THEN
            {ALLOW_CHAINING}
        ELSE
            {ALLOW_ERASURE}
        END IF;
        IF NEW IS DISTINCT FROM allowed THEN RAISE EXCEPTION 'audit_event is append-only'; END IF;
        RETURN NEW;
    END $$
"""
END_CHAIN = """
    CREATE FUNCTION end_audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS
    $$ BEGIN DELETE FROM audit_chain WHERE id = OLD.id; RETURN NULL; END $$
"""
FUNCTIONS = (
    "end_audit_chain()",
    "refuse_update()",
    "start_unchained()",
    "chain_audit_event()",
    "extend_audit_chains(uuid[])",
    "audit_digest(uuid, audit_event, bytea)",
    "audit_netstring(text)",
)


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.execute(f"GRANT SELECT ON audit_chain TO {ADMIN}")
    op.add_column("audit_event", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column("audit_event", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.add_column("audit_event", sa.Column("field_salts", ARRAY(sa.LargeBinary()), nullable=True))
    op.add_column("audit_event", sa.Column("field_digests", ARRAY(sa.LargeBinary()), nullable=True))
    op.execute("DROP TRIGGER append_only ON audit_event")
    for statement in (NETSTRING, DIGEST, EXTEND, CHAIN_EVENT, START_UNCHAINED, REFUSE_UPDATE, END_CHAIN):
        op.execute(statement)
    op.execute("REVOKE EXECUTE ON FUNCTION extend_audit_chains(uuid[]) FROM PUBLIC")
    # The policies hold for the owner too, and the owner may not be a member of the job role.
    op.execute("ALTER TABLE audit_event NO FORCE ROW LEVEL SECURITY")
    chain_existing_events()
    op.execute("ALTER TABLE audit_event FORCE ROW LEVEL SECURITY")
    op.create_index("ix_audit_event_unchained", "audit_event", ["id"], postgresql_where=sa.text("sequence IS NULL"))
    op.create_index(
        "ix_audit_event_organization_id_sequence",
        "audit_event",
        ["organization_id", "sequence"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("sequence IS NOT NULL"),
    )
    op.execute(f"GRANT UPDATE ({', '.join((*ERASABLE, 'field_salts'))}) ON audit_event TO {ADMIN}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER only_erased BEFORE UPDATE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_update()"
    )
    op.execute(
        "CREATE TRIGGER starts_unchained BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION start_unchained()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER is_chained AFTER INSERT ON audit_event DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION chain_audit_event()"
    )
    op.execute(
        "CREATE TRIGGER ends_audit_chain AFTER DELETE ON organization FOR EACH ROW EXECUTE FUNCTION end_audit_chain()"
    )


def chain_existing_events() -> None:
    """Chain all events in the order of their ids, in batches."""
    after, connection = UUID(int=0), op.get_bind()
    page = sa.text(f"SELECT id FROM audit_event WHERE id > :after ORDER BY id LIMIT {BATCH_ROWS}")
    extend = sa.text("SELECT extend_audit_chains(CAST(:events AS uuid[]))")
    while events := [row.id for row in connection.execute(page, {"after": after})]:
        connection.execute(extend, {"events": events})
        after = events[-1]


def downgrade() -> None:
    op.execute("DROP TRIGGER ends_audit_chain ON organization")
    for trigger in ("is_chained", "starts_unchained", "only_erased", "append_only"):
        op.execute(f"DROP TRIGGER {trigger} ON audit_event")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"REVOKE UPDATE ({', '.join((*ERASABLE, 'field_salts'))}) ON audit_event FROM {ADMIN}")
    op.drop_index("ix_audit_event_organization_id_sequence", "audit_event")
    op.drop_index("ix_audit_event_unchained", "audit_event")
    for column in COLUMNS:
        op.drop_column("audit_event", column)
    op.drop_table("audit_chain")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
