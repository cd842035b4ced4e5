"""A row for each round of a handover

Of a handover that is there already the last round is known, and its row becomes that round.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
import sqlalchemy as sa

from infra.db import UtcDateTime


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

TALKING = sa.text("state = 'talking'")
OPEN = sa.text("state IN ('waiting', 'offered', 'talking')")
offer = sa.table(
    'offer',
    sa.column('id', sa.Integer),
    sa.column('handover_id', sa.Integer),
    sa.column('staff_id', sa.Integer),
    sa.column('state', sa.String),
    sa.column('offered_at', UtcDateTime),
    sa.column('expires_at', UtcDateTime),
    sa.column('closed_at', UtcDateTime),
)


def upgrade() -> None:
    op.drop_column('offer', 'round')
    op.drop_column('handover', 'asked_at')
    op.drop_column('handover', 'talking_at')
    _make_unique('call_id', ['call_id', 'round'])
    op.create_index(
        'ux_handover_one_open_per_call',
        'handover',
        ['call_id'],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    """Of each call the last round stays."""
    op.drop_index('ux_handover_one_open_per_call', 'handover')
    earlier = 'SELECT a.id FROM handover a JOIN handover b ON a.call_id = b.call_id AND a.round < b.round'
    op.execute(f'DELETE FROM offer WHERE handover_id IN ({earlier})')
    op.execute(f'DELETE FROM handover WHERE id IN ({earlier})')
    _make_unique('call_id_round', ['call_id'])
    since = sa.Column('asked_at', UtcDateTime(), nullable=False, server_default='1970-01-01 00:00:00')
    op.add_column('handover', since)
    op.execute('UPDATE handover SET asked_at = waiting_since')
    op.add_column('handover', sa.Column('talking_at', UtcDateTime(), nullable=True))
    op.execute('UPDATE handover SET talking_at = accepted_at')
    op.add_column('offer', sa.Column('round', sa.Integer(), nullable=False, server_default='1'))


def _make_unique(before: str, columns: list[str]) -> None:
    """Change what is unique in `handover`.

    SQLite makes the table anew for that. The offers are put aside meanwhile, for dropping the
    old table would drop what refers to it.
    """
    bind = op.get_bind()
    offers = [dict(row) for row in bind.execute(sa.select(offer)).mappings()]
    op.execute(offer.delete())
    op.drop_index('ux_handover_one_per_agent', 'handover')
    convention = {'uq': '%(table_name)s_%(column_0_N_name)s_key'}
    with op.batch_alter_table('handover', naming_convention=convention) as batch:
        batch.drop_constraint(f'handover_{before}_key', type_='unique')
        batch.create_unique_constraint(f"handover_{'_'.join(columns)}_key", columns)
    op.create_index(
        'ux_handover_one_per_agent',
        'handover',
        ['staff_id'],
        unique=True,
        sqlite_where=TALKING,
        postgresql_where=TALKING,
    )
    op.bulk_insert(offer, offers)
