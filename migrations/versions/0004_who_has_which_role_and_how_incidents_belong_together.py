"""
Who has which role since when, how incidents belong together, notices that are told once, and when people work.

The release before neither reads nor writes these tables and columns; all new columns are nullable. It goes on keeping
the lead in `incident.lead`, and so does this one. The leads of past incidents are taken over from the timeline.

Revision 0004, after 0003.
"""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("assigned_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("handed_to", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_role_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_role")),
    )
    op.create_index("ix_incident_role_incident_id", "incident_role", ["incident_id"])
    held = sa.text("until IS NULL")
    op.create_index(
        "ix_incident_role_held", "incident_role", ["team_id", "user_id"], postgresql_where=held, sqlite_where=held
    )
    op.create_table(
        "notice",
        sa.Column("team_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("first_seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("told_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("detail", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "key", name=op.f("pk_notice")),
    )
    op.add_column("incident", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.add_column("incident", sa.Column("is_retro", sa.Boolean(), nullable=True))
    op.add_column("incident", sa.Column("drill_of", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("incident", sa.Column("archived_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("incident", sa.Column("former_channels", sa.JSON(), nullable=True))
    op.add_column("incident", sa.Column("canvas_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("incident", sa.Column("canvas_digest", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("incident", sa.Column("bookmark_ids", sa.JSON(), nullable=True))
    op.add_column("escalation", sa.Column("working_hours", sa.JSON(), nullable=True))
    op.add_column("outbox", sa.Column("request_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("person", sa.Column("home_opened_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    merged = sa.text("merged_into_id IS NOT NULL")
    op.create_index(
        "ix_incident_merged_into_id", "incident", ["merged_into_id"], postgresql_where=merged, sqlite_where=merged
    )
    opened = sa.text("home_opened_at IS NOT NULL")
    op.create_index(
        "ix_person_home", "person", ["team_id", "home_opened_at"], postgresql_where=opened, sqlite_where=opened
    )
    _take_over_leads()


def _take_over_leads() -> None:
    """Each time somebody was given the lead is a row; it ended when the next was."""
    entry = sa.table(
        "timeline_entry",
        sa.column("incident_id", sa.Integer), sa.column("sort_at", sqlmodel.sql.sqltypes.UTCDateTime),
        sa.column("seq", sa.Integer), sa.column("kinds", sa.JSON), sa.column("details", sa.JSON),
        sa.column("author", sa.String),
    )
    incident = sa.table("incident", sa.column("id", sa.Integer), sa.column("team_id", sa.String))
    given = (
        sa.select(entry.c.incident_id, incident.c.team_id, entry.c.sort_at, entry.c.details, entry.c.author)
        .join(incident, incident.c.id == entry.c.incident_id)
        .where(sa.cast(entry.c.kinds, sa.Text).like('%"role"%'))
        .order_by(entry.c.incident_id, entry.c.sort_at, entry.c.seq)
    )
    rows: list[dict[str, Any]] = []
    for incident_id, team_id, at, details, author in op.get_bind().execute(given):
        if not details.get("user") or details.get("role") != "lead":
            continue
        if rows and rows[-1]["incident_id"] == incident_id:
            rows[-1] |= {"until": at, "handed_to": details["user"]}
        rows.append({
            "team_id": team_id, "incident_id": incident_id, "role": "lead", "user_id": details["user"],
            "since": at, "until": None, "assigned_by": author, "handed_to": None, "note": None,
        })
    if rows:
        role = sa.table(
            "incident_role",
            *(sa.column(name) for name in ("team_id", "incident_id", "role", "user_id", "assigned_by", "handed_to")),
            sa.column("since", sqlmodel.sql.sqltypes.UTCDateTime), sa.column("note"),
            sa.column("until", sqlmodel.sql.sqltypes.UTCDateTime),
        )
        op.bulk_insert(role, rows)


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
