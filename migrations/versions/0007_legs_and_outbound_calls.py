"""Legs of a call, and calls that we place

Revision ID: 0007
Revises: 0006
"""

from alembic import op
import sqlalchemy as sa

from infra.db import UtcDateTime


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('leg',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('call_id', sa.Integer(), nullable=False),
        sa.Column('carrier_sid', sa.String(length=40), nullable=False),
        sa.Column('party', sa.String(length=12), nullable=False),
        sa.Column('staff_id', sa.Integer(), nullable=True),
        sa.Column('number', sa.String(length=40), nullable=False),
        sa.Column('rang_at', UtcDateTime(), nullable=False),
        sa.Column('answered_at', UtcDateTime(), nullable=True),
        sa.Column('ended_at', UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['call_id'], ['call.id']),
        sa.ForeignKeyConstraint(['staff_id'], ['staff.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('carrier_sid'),
    )
    op.create_index('ix_leg_call', 'leg', ['call_id', 'party'])
    op.create_table('outbound_call',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=120), nullable=False),
        sa.Column('to_number', sa.String(length=40), nullable=False),
        sa.Column('dialogue', sa.String(length=40), nullable=False),
        sa.Column('language', sa.String(length=10), nullable=False),
        sa.Column('draft', sa.JSON(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('carrier_sid', sa.String(length=40), nullable=True),
        sa.Column('answered_by', sa.String(length=10), nullable=False),
        sa.Column('wanted_at', UtcDateTime(), nullable=False),
        sa.Column('asked_at', UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('carrier_sid'),
        sa.UniqueConstraint('key'),
    )
    op.create_index(
        'ux_outbound_call_one_asked_per_number',
        'outbound_call',
        ['to_number'],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.drop_table('outbound_call')
    op.drop_table('leg')
