"""Messages whose words were searched for an emergency

Revision ID: 0012
Revises: 0011
"""

from alembic import op
import sqlalchemy as sa


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

report = sa.table('report', sa.column('looked_into', sa.Boolean))


def upgrade() -> None:
    op.add_column('report', sa.Column('looked_into', sa.Boolean(), nullable=True))
    op.execute(report.update().values(looked_into=True))
    with op.batch_alter_table('report') as batch:
        batch.alter_column('looked_into', existing_type=sa.Boolean(), nullable=False)


def downgrade() -> None:
    op.drop_column('report', 'looked_into')
