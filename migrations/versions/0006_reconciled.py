"""A call that was found by reconciling says so in that word

Revision ID: 0006
Revises: 0005
"""

from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename('sweep_found', 'reconciled')


def downgrade() -> None:
    _rename('reconciled', 'sweep_found')


def _rename(old, new) -> None:
    with op.batch_alter_table('call') as batch:
        batch.alter_column(old, new_column_name=new)
