"""An agent with a caller is in conversation

Revision ID: 0009
Revises: 0008
"""

from alembic import op
import sqlalchemy as sa


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename('talking', 'in_conversation')


def downgrade() -> None:
    _rename('in_conversation', 'talking')


def _rename(old: str, new: str) -> None:
    """Both indexes of open handovers name the state."""
    op.drop_index('ux_handover_one_per_agent', 'handover')
    op.drop_index('ux_handover_one_open_per_call', 'handover')
    for name in ('presence', 'handover'):
        table = sa.table(name, sa.column('state', sa.String))
        op.execute(table.update().where(table.c.state == old).values(state=new))
    _index('ux_handover_one_per_agent', 'staff_id', f"state = '{new}'")
    _index('ux_handover_one_open_per_call', 'call_id', f"state IN ('waiting', 'offered', '{new}')")


def _index(name: str, column: str, where: str) -> None:
    only = sa.text(where)
    op.create_index(
        name, 'handover', [column], unique=True, sqlite_where=only, postgresql_where=only
    )
