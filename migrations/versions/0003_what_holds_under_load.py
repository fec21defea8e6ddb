"""
What holds with many past incidents, under storms and with several replicas.

Only indexes, and columns and tables that the release before neither reads nor writes: all new columns are nullable.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_mark")),
    )


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
