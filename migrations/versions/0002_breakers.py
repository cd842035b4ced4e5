"""Breakers of the ladder

Revision ID: 0002
Revises: 0001
"""

from alembic import op
import sqlalchemy as sa
import infra.db


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('breaker',
    sa.Column('step', sa.String(length=40), nullable=False),
    sa.Column('failures', sa.JSON(), nullable=False),
    sa.Column('opened_at', infra.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('tried_at', infra.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('step')
    )


def downgrade() -> None:
    op.drop_table('breaker')
