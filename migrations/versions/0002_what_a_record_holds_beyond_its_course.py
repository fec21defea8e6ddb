"""
What a record holds beyond its course.

`incident.closure_reason` and `timeline_entry.merged_into_id`, both nullable: the release before neither reads nor writes
them. An entry that was merged into another is withdrawn for it, as it was before.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('incident', sa.Column('closure_reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('timeline_entry', sa.Column('merged_into_id', sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
