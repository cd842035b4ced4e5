"""When the present agent took the caller

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
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.add_column(sa.Column('accepted_at', infra.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.drop_column('accepted_at')
