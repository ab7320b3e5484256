"""Add second factors, one-time links, invitations, number purchases, API keys, audit, upgrades, limits of attempts.

Also the origins from which a token was refused, and the mark of phone numbers that are being released.

Revision ID: 0a30623c85d6
Revises: 5eb01b58f72a
Create Date: 2026-11-22 19:08:36.024543
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0a30623c85d6'
down_revision: str | None = '5eb01b58f72a'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('audit_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=True),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('subject_name', sa.Text(), server_default='', nullable=False),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('details', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    op.create_index('ix_audit_event_actor_id_id', 'audit_event', ['actor_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_audit_event_organization_id_id', 'audit_event', ['organization_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('throttle',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('window_start', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('times', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_throttle')),
    sa.UniqueConstraint('key', 'window_start', name=op.f('uq_throttle_key_window_start'))
    )
    op.create_index(op.f('ix_throttle_window_start'), 'throttle', ['window_start'], unique=False)
    op.create_table('api_key',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.Text(), server_default='', nullable=False),
    sa.Column('scope', sa.Enum('read', 'write', name='scope', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('prefix', sa.Text(), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('last_used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['user_account.id'], name=op.f('fk_api_key_created_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_api_key_organization_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['revoked_by'], ['user_account.id'], name=op.f('fk_api_key_revoked_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_key_digest'))
    )
    op.create_index(op.f('ix_api_key_organization_id'), 'api_key', ['organization_id'], unique=False)
    op.create_table('invitation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('role', sa.Enum('member', 'admin', 'owner', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('invited_by', sa.Uuid(), nullable=True),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['invited_by'], ['user_account.id'], name=op.f('fk_invitation_invited_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_invitation_organization_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('digest', name=op.f('uq_invitation_digest'))
    )
    op.create_index('uq_invitation_open', 'invitation', ['organization_id', 'email'], unique=True, postgresql_where=sa.text('accepted_at IS NULL AND revoked_at IS NULL'))
    op.create_table('number_purchase',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('e164', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('requested', 'completed', 'failed', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('carrier_sid', sa.Text(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.Column('requested_by', sa.Uuid(), nullable=True),
    sa.Column('finished_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_number_purchase_organization_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['user_account.id'], name=op.f('fk_number_purchase_requested_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_number_purchase'))
    )
    op.create_index(op.f('ix_number_purchase_organization_id_created_at'), 'number_purchase', ['organization_id', 'created_at'], unique=False)
    op.create_index('uq_number_purchase_in_flight', 'number_purchase', ['organization_id'], unique=True, postgresql_where=sa.text("state = 'requested'"))
    op.create_table('one_time_link',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum('verify-email', 'reset-password', 'change-email', name='purpose', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('new_email', sa.Text(), nullable=True),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_one_time_link_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_time_link')),
    sa.UniqueConstraint('digest', name=op.f('uq_one_time_link_digest'))
    )
    op.create_index(op.f('ix_one_time_link_user_id_purpose'), 'one_time_link', ['user_id', 'purpose'], unique=False)
    op.create_table('recovery_code',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_recovery_code_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('user_id', 'digest', name=op.f('uq_recovery_code_user_id_digest'))
    )
    op.create_table('upgrade_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=True),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('resolved_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_upgrade_request_organization_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['user_account.id'], name=op.f('fk_upgrade_request_requested_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upgrade_request'))
    )
    op.create_index('uq_upgrade_request_open', 'upgrade_request', ['organization_id'], unique=True, postgresql_where=sa.text('resolved_at IS NULL'))
    op.create_table('refused_origin',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('token_id', sa.Uuid(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('times', sa.Integer(), server_default='1', nullable=False),
    sa.Column('last_seen_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_refused_origin_organization_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['token_id'], ['embed_token.id'], name=op.f('fk_refused_origin_token_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refused_origin')),
    sa.UniqueConstraint('token_id', 'origin', name=op.f('uq_refused_origin_token_id_origin'))
    )
    op.create_index(op.f('ix_refused_origin_organization_id'), 'refused_origin', ['organization_id'], unique=False)
    op.add_column('login_session', sa.Column('awaits_second_factor', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('login_session', sa.Column('user_agent', sa.Text(), server_default='', nullable=False))
    op.add_column('login_session', sa.Column('address', sa.Text(), server_default='', nullable=False))
    op.add_column('phone_number', sa.Column('releasing_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('user_account', sa.Column('totp_secret', sa.LargeBinary(), nullable=True))
    op.add_column('user_account', sa.Column('totp_enabled_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('user_account', sa.Column('totp_last_step', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('user_account', 'totp_last_step')
    op.drop_column('user_account', 'totp_enabled_at')
    op.drop_column('user_account', 'totp_secret')
    op.drop_column('phone_number', 'releasing_at')
    op.drop_column('login_session', 'address')
    op.drop_column('login_session', 'user_agent')
    op.drop_column('login_session', 'awaits_second_factor')
    op.drop_index(op.f('ix_refused_origin_organization_id'), table_name='refused_origin')
    op.drop_table('refused_origin')
    op.drop_index('uq_upgrade_request_open', table_name='upgrade_request', postgresql_where=sa.text('resolved_at IS NULL'))
    op.drop_table('upgrade_request')
    op.drop_table('recovery_code')
    op.drop_index(op.f('ix_one_time_link_user_id_purpose'), table_name='one_time_link')
    op.drop_table('one_time_link')
    op.drop_index('uq_number_purchase_in_flight', table_name='number_purchase', postgresql_where=sa.text("state = 'requested'"))
    op.drop_index(op.f('ix_number_purchase_organization_id_created_at'), table_name='number_purchase')
    op.drop_table('number_purchase')
    op.drop_index('uq_invitation_open', table_name='invitation', postgresql_where=sa.text('accepted_at IS NULL AND revoked_at IS NULL'))
    op.drop_table('invitation')
    op.drop_index(op.f('ix_api_key_organization_id'), table_name='api_key')
    op.drop_table('api_key')
    op.drop_index(op.f('ix_throttle_window_start'), table_name='throttle')
    op.drop_table('throttle')
    op.drop_index('ix_audit_event_organization_id_id', table_name='audit_event')
    op.drop_index('ix_audit_event_actor_id_id', table_name='audit_event')
    op.drop_table('audit_event')
