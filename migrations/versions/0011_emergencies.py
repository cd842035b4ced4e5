"""Reports and tickets of people in danger, and who took the alarm

Revision ID: 0011
Revises: 0010
"""

from alembic import op
import sqlalchemy as sa

from infra.db import UtcDateTime


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('report', sa.Column('emergency', sa.String(length=40), nullable=True))
    op.add_column('ticket', sa.Column('emergency', sa.String(length=40), nullable=True))
    op.add_column('ticket', sa.Column('alarm_taken_at', UtcDateTime(), nullable=True))
    op.add_column('ticket', sa.Column('called_back_at', UtcDateTime(), nullable=True))
    op.create_index('ix_ticket_emergency', 'ticket', ['emergency', 'alarm_taken_at'])


def downgrade() -> None:
    op.drop_index('ix_ticket_emergency', 'ticket')
    op.drop_column('ticket', 'called_back_at')
    op.drop_column('ticket', 'alarm_taken_at')
    op.drop_column('ticket', 'emergency')
    op.drop_column('report', 'emergency')
