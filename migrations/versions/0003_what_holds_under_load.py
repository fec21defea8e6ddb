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
    op.create_table(
        "storm",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("began_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("worst", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("beside", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_storm_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_storm")),
    )
    op.create_table(
        "storm_watch",
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("openings", sa.JSON(), nullable=False),
        sa.Column("storm_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["storm_id"], ["incident.id"], name=op.f("fk_storm_watch_storm_id")),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_storm_watch")),
    )
    op.create_table(
        "alert_tally",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("told_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_alert_tally_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_alert_tally")),
    )
    op.add_column("alert", sa.Column("service", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("alert", sa.Column("is_start_recorded", sa.Boolean(), nullable=True))
    op.add_column("incident", sa.Column("storm_id", sa.Integer(), nullable=True))
    op.create_table(
        "chore",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("begun_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_chore")),
    )
    op.add_column("incident", sa.Column("forgotten_to", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index("ix_timeline_entry_message", "timeline_entry", ["channel_id", "message_ts"])
    loose, over = sa.text("incident_id IS NULL"), sa.text("state IN ('done', 'dropped')")
    op.create_index("ix_alert_loose", "alert", ["last_seen_at"], postgresql_where=loose, sqlite_where=loose)
    op.create_index("ix_incident_team_status", "incident", ["team_id", "status"])
    op.create_index("ix_incident_reference", "incident", ["series", "number"])
    op.create_index("ix_incident_resolved", "incident", ["team_id", "resolved_at"])
    op.create_index("ix_incident_declared", "incident", ["team_id", "declared_at"])
    leased = sa.text("owner IS NOT NULL")
    op.create_index("ix_lane_leased", "lane", ["owner"], postgresql_where=leased, sqlite_where=leased)
    troubled = sa.text("state IN ('failed', 'dead')")
    op.create_index("ix_outbox_troubled", "outbox", ["state"], postgresql_where=troubled, sqlite_where=troubled)
    op.create_index("ix_outbox_over", "outbox", ["done_at"], postgresql_where=over, sqlite_where=over)
    op.add_column("gate", sa.Column("recent", sa.JSON(), nullable=True))
    op.add_column("outbox", sa.Column("silences", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("defects", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("waits_for_slack", sa.Boolean(), nullable=True))
    op.add_column("timer", sa.Column("given_up_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
