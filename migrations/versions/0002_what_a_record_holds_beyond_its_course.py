"""
What a record holds beyond its course.

`incident.closure_reason` and `timeline_entry.merged_into_id`, both nullable: the release before neither reads nor writes
them. An entry that was merged into another is withdrawn for it, as it was before.

`redacted_at`, `redacted_by` and `redacted_why` of `timeline_entry`, `alert.redacted_at`, `incident.history_from` and
`message.sealed_at`, all nullable: the release before does not know them, and would take the words of a redacted message in again if somebody
edited it while that release runs. `postmortem.file_id`, `page.channel_id` and `page.message_ts`, nullable: where a draft
or a page stands in Slack; what the release before posts has none.

`incident.findings_ts`, nullable: where the message with what to check stands; the release before posts none.

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
    op.add_column('timeline_entry', sa.Column('redacted_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('timeline_entry', sa.Column('redacted_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('timeline_entry', sa.Column('redacted_why', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('alert', sa.Column('redacted_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('message', sa.Column('sealed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('postmortem', sa.Column('file_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('incident', sa.Column('history_from', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('page', sa.Column('channel_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('page', sa.Column('message_ts', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('incident', sa.Column('findings_ts', sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
