"""The dialogue of a call

Revision ID: 0003
Revises: 0002
"""

from alembic import op
import sqlalchemy as sa


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('call', sa.Column(
        'dialogue', sa.String(length=40), nullable=False, server_default='hotline'
    ))


def downgrade() -> None:
    op.drop_column('call', 'dialogue')
