"""Rows that were given up are dead letters; the comparison with the carrier has its own word.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-30
"""
from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision: Union[str, Sequence[str], None] = '0003'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

outbox = sa.table('outbox', sa.column('state', sa.String), sa.column('queue', sa.String))


def upgrade() -> None:
    _rename(outbox.c.state, 'parked', 'dead')
    _rename(outbox.c.queue, 'books', 'reconcile')


def downgrade() -> None:
    _rename(outbox.c.state, 'dead', 'parked')
    _rename(outbox.c.queue, 'reconcile', 'books')


def _rename(column, old, new) -> None:
    op.execute(outbox.update().where(column == old).values({column.name: new}))
