"""
Policies that escalate level by level, how each person is paged, who is on call, and what is asked for in time.

The release before neither reads nor writes these tables and columns; all new columns are nullable or have a default in
the database. An escalation that it starts meanwhile has no policy: whoever of this release takes its next timer makes
one of the reminders that are configured.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

Text = sqlmodel.sql.sqltypes.AutoString
Time = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    _escalate_by_levels()
    _page_by_several_means()
    _spare_people()
    _know_who_is_on_call()
    op.create_table(
        "nudge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("what", Text(), nullable=False),
        sa.Column("subject", Text(), nullable=False),
        sa.Column("asked_at", Time(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("snoozed_until", Time(), nullable=True),
        sa.Column("done_at", Time(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("former_ts", Text(), nullable=True),
        sa.Column("user_id", Text(), nullable=True),
        sa.Column("put_off_by", Text(), nullable=True),
        sa.Column("off_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_nudge_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudge")),
        sa.UniqueConstraint("incident_id", "what", "subject", name=op.f("uq_nudge_incident_id_what_subject")),
    )


def _escalate_by_levels() -> None:
    op.add_column("escalation", sa.Column("policy_name", Text(), nullable=True))
    op.add_column("escalation", sa.Column("policy", sa.JSON(), nullable=True))
    op.add_column("escalation", sa.Column("level", sa.Integer(), nullable=True, server_default="0"))
    op.add_column("escalation", sa.Column("round", sa.Integer(), nullable=True, server_default="0"))
    op.add_column("escalation", sa.Column("steps", sa.JSON(), nullable=True))
    op.add_column("escalation", sa.Column("level_paged_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("next_step_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("more_time_until", Time(), nullable=True))
    op.add_column("escalation", sa.Column("answers", sa.JSON(), nullable=True))
    op.add_column("escalation", sa.Column("started_by", Text(), nullable=True))
    op.add_column("escalation", sa.Column("follows_id", sa.Integer(), nullable=True))
    op.add_column("escalation", sa.Column("quiet_asked_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("quiet_steps", sa.Integer(), nullable=True, server_default="0"))
    op.add_column("escalation", sa.Column("sign_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("case_reference", Text(), nullable=True))
    op.add_column("escalation", sa.Column("case_asked_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("case_asked", sa.Integer(), nullable=True, server_default="0"))
    op.add_column("escalation", sa.Column("case_ts", Text(), nullable=True))
    op.add_column("escalation", sa.Column("first_answer_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("first_answer_entry_id", sa.Integer(), nullable=True))
    op.add_column("escalation", sa.Column("fixed_at", Time(), nullable=True))
    op.add_column("escalation", sa.Column("fixed_entry_id", sa.Integer(), nullable=True))


def _page_by_several_means() -> None:
    op.add_column("page", sa.Column("level", sa.Integer(), nullable=True, server_default="1"))
    op.add_column("page", sa.Column("round", sa.Integer(), nullable=True, server_default="0"))
    op.add_column("page", sa.Column("contact_id", sa.Integer(), nullable=True))
    op.add_column("page", sa.Column("due_at", Time(), nullable=True))
    op.add_column("page", sa.Column("skipped", Text(), nullable=True))
    op.add_column("page", sa.Column("external_ref", Text(), nullable=True))
    op.add_column("page", sa.Column("link_used_at", Time(), nullable=True))
    op.add_column("page", sa.Column("bundle_key", Text(), nullable=True))
    op.add_column("page", sa.Column("out_of_hours", sa.Boolean(), nullable=True))
    op.add_column("page", sa.Column("late_seconds", sa.Integer(), nullable=True))
    op.create_index("ix_page_message", "page", ["channel_id", "message_ts"])
    op.create_index("ix_page_person", "page", ["user_id", "means", "queued_at"])
    op.create_index(
        "ix_page_bundle", "page", ["bundle_key"],
        postgresql_where=sa.text("bundle_key IS NOT NULL"), sqlite_where=sa.text("bundle_key IS NOT NULL"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("means", Text(), nullable=False),
        sa.Column("address_encrypted", Text(), nullable=True),
        sa.Column("shown", Text(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("failed_at", Time(), nullable=True),
        sa.Column("problem", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_person", "contact", ["team_id", "user_id"])
    op.create_table(
        "page_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("means", Text(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", Time(), nullable=False),
        sa.Column("sent_at", Time(), nullable=True),
        sa.Column("outcome", Text(), nullable=False),
        sa.Column("confirmed_at", Time(), nullable=True),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_test")),
    )
    op.create_index("ix_page_test_person", "page_test", ["team_id", "user_id"])


def _spare_people() -> None:
    op.add_column("alert", sa.Column("maintenance_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_alert_held", "alert", ["maintenance_id"],
        postgresql_where=sa.text("maintenance_id IS NOT NULL"), sqlite_where=sa.text("maintenance_id IS NOT NULL"),
    )
    op.create_table(
        "mute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("ends_at", Time(), nullable=True),
        sa.Column("reason", Text(), nullable=False),
        sa.Column("by", Text(), nullable=True),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
    )
    op.create_index("ix_mute_person", "mute", ["team_id", "user_id"])
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("service", Text(), nullable=False),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("ends_at", Time(), nullable=False),
        sa.Column("reason", Text(), nullable=False),
        sa.Column("by", Text(), nullable=True),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("ended_by", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
    )
    op.create_index("ix_maintenance_team", "maintenance", ["team_id", "ends_at"])


def _know_who_is_on_call() -> None:
    op.create_table(
        "schedule_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("schedule", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("replaces", Text(), nullable=True),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("ends_at", Time(), nullable=False),
        sa.Column("reason", Text(), nullable=False),
        sa.Column("made_by", Text(), nullable=True),
        sa.Column("made_at", Time(), nullable=False),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.Column("withdrawn_by", Text(), nullable=True),
        sa.Column("swap_id", sa.Integer(), nullable=True),
        sa.Column("relieved", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_override")),
    )
    op.create_index("ix_schedule_override_schedule", "schedule_override", ["team_id", "schedule", "ends_at"])
    op.create_table(
        "schedule_watch",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("schedule", Text(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("since", Time(), nullable=True),
        sa.Column("told_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "schedule", name=op.f("pk_schedule_watch")),
    )
    op.create_table(
        "calendar",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("fetched_at", Time(), nullable=True),
        sa.Column("tried_at", Time(), nullable=True),
        sa.Column("etag", Text(), nullable=True),
        sa.Column("modified", Text(), nullable=True),
        sa.Column("body", Text(), nullable=True),
        sa.Column("problem", Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "name", name=op.f("pk_calendar")),
    )
    op.create_table(
        "calendar_key",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("digest", Text(), nullable=False),
        sa.Column("made_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_calendar_key")),
    )


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
