"""A ticket has a priority and triage reasons, and a department acknowledges it.

Revision ID: 0005
Revises: 0004
"""

from alembic import op
import sqlalchemy as sa


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

ticket = sa.table('ticket', sa.column('state', sa.String))
event = sa.table('ticket_event', sa.column('action', sa.String))


def upgrade() -> None:
    op.execute('ALTER TABLE ticket RENAME COLUMN grade TO priority')
    op.execute('ALTER TABLE ticket RENAME COLUMN to_check TO triage_reasons')
    _rename(ticket.c.state, 'signed', 'acknowledged')
    _rename(event.c.action, 'signed_for', 'acknowledged')


def downgrade() -> None:
    op.execute('ALTER TABLE ticket RENAME COLUMN priority TO grade')
    op.execute('ALTER TABLE ticket RENAME COLUMN triage_reasons TO to_check')
    _rename(ticket.c.state, 'acknowledged', 'signed')
    _rename(event.c.action, 'acknowledged', 'signed_for')


def _rename(column, old, new) -> None:
    op.execute(column.table.update().where(column == old).values({column.name: new}))
