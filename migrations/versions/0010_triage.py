"""A ticket that a person must look at is in triage

Revision ID: 0010
Revises: 0009
"""

from alembic import op
import sqlalchemy as sa


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

ticket = sa.table('ticket', sa.column('state', sa.String))


def upgrade() -> None:
    _rename('to_check', 'triage')


def downgrade() -> None:
    _rename('triage', 'to_check')


def _rename(old: str, new: str) -> None:
    op.execute(ticket.update().where(ticket.c.state == old).values(state=new))
