"""
The tables of Dogwatch.

Revision 0001, the first.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as Text
from sqlmodel.sql.sqltypes import UTCDateTime as Time

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table follows those that it refers to."""
    for create in (
        _counter,
        _incident,
        _installation,
        _message,
        _reaction,
        _incident_role,
        _postmortem,
        _postmortem_block,
        _postmortem_change,
        _postmortem_editor,
        _postmortem_canvas,
        _postmortem_comment,
        _postmortem_thread,
        _postmortem_review,
        _slack_message,
        _timeline_entry,
        _kept_file,
        _action_item,
        _lane,
        _rate_limit,
        _outbox,
        _audit,
        _delivery,
        _missing_permission,
        _person,
        _timer,
        _maintenance_window,
        _alert,
        _alert_counter,
        _alert_group,
        _storm,
        _storm_watch,
        _heartbeat,
        _change,
        _vendor_feed,
        _vendor_incident,
        _vendor_notice,
        _calendar,
        _calendar_key,
        _contact,
        _mute,
        _page_test,
        _schedule_override,
        _schedule_watch,
        _reminder,
        _escalation,
        _escalation_response,
        _escalation_step,
        _page,
        _clock_mark,
        _periodic_task,
        _web_session,
        _sign_in_identity,
        _public_incident,
        _public_update,
        _public_maintenance,
        _publication_request,
        _public_revision,
        _subscriber,
        _search_index,
    ):
        create()


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("series", Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "series", name="pk_counter"),
    )


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("series", Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outside_reference", Text(), nullable=True),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("title_fact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("severity", Text(), nullable=False),
        sa.Column("unmapped_severity", Text(), nullable=True),
        sa.Column("status", Text(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("service_names", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("category", Text(), nullable=True),
        sa.Column("responsibility", Text(), nullable=True),
        sa.Column("public_grade", Text(), nullable=True),
        sa.Column("closure_reason", Text(), nullable=True),
        sa.Column("zone", Text(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("template", Text(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("lead", Text(), nullable=True),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("declared_by", Text(), nullable=True),
        sa.Column("declared_at", Time(), nullable=False),
        sa.Column("started_at", Time(), nullable=False),
        sa.Column("detected_at", Time(), nullable=False),
        sa.Column("acknowledged_at", Time(), nullable=True),
        sa.Column("identified_at", Time(), nullable=True),
        sa.Column("mitigated_at", Time(), nullable=True),
        sa.Column("resolved_at", Time(), nullable=True),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("time_sources", sa.JSON(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("channel_name", Text(), nullable=True),
        sa.Column("history_from", Time(), nullable=True),
        sa.Column("purged_to", Text(), nullable=True),
        sa.Column("next_seq", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("storm_id", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("is_retro", sa.Boolean(), nullable=False),
        sa.Column("drill_of", Text(), nullable=True),
        sa.Column("reopening_entry_id", sa.Integer(), nullable=True),
        sa.Column("archived_at", Time(), nullable=True),
        sa.Column("former_channels", sa.JSON(), nullable=False),
        sa.Column("bridge_url", Text(), nullable=True),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("link_ended_at", Time(), nullable=True),
        sa.Column("postmortem_state", Text(), nullable=False),
        sa.Column("similar_id", sa.Integer(), nullable=True),
        sa.Column("is_similar_off", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["previous_id"], ["incident.id"], name="fk_incident_previous_id"),
        sa.ForeignKeyConstraint(["similar_id"], ["incident.id"], name="fk_incident_similar_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
        sa.UniqueConstraint("team_id", "series", "number", name="uq_incident_team_id_series_number"),
    )
    op.create_index("ix_incident_channel_id", "incident", ["channel_id"])
    op.create_index("ix_incident_declared", "incident", ["team_id", "declared_at"])
    _create_partial_index("ix_incident_merged_into_id", "incident", ["merged_into_id"], "merged_into_id IS NOT NULL")
    op.create_index("ix_incident_reference", "incident", ["series", "number"])
    op.create_index("ix_incident_resolved", "incident", ["team_id", "resolved_at"])
    _create_partial_index("ix_incident_similar_id", "incident", ["similar_id"], "similar_id IS NOT NULL")
    op.create_index("ix_incident_status", "incident", ["status"])
    op.create_index("ix_incident_team_status", "incident", ["team_id", "status"])


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("team_name", Text(), nullable=False),
        sa.Column("url", Text(), nullable=False),
        sa.Column("bot_user_id", Text(), nullable=False),
        sa.Column("bot_id", Text(), nullable=False),
        sa.Column("incidents_channel", Text(), nullable=False),
        sa.Column("incidents_channel_id", Text(), nullable=True),
        sa.Column("seen_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", name="pk_installation"),
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=False),
        sa.Column("ts", Text(), nullable=False),
        sa.Column("thread_ts", Text(), nullable=True),
        sa.Column("author", Text(), nullable=True),
        sa.Column("author_name", Text(), nullable=True),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("text", Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("edited_ts", Text(), nullable=True),
        sa.Column("deleted_at", Time(), nullable=True),
        sa.Column("frozen_at", Time(), nullable=True),
        sa.Column("stored_at", Time(), nullable=False),
        sa.Column("other_reactions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "channel_id", "ts", name="pk_message"),
    )


def _reaction() -> None:
    op.create_table(
        "reaction",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=False),
        sa.Column("message_ts", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("emoji", Text(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("event_ts", Text(), nullable=False),
        sa.Column("user_team_id", Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "channel_id", "message_ts", "user_id", "emoji", name="pk_reaction"),
    )
    op.create_index("ix_reaction_message", "reaction", ["team_id", "channel_id", "message_ts"])


def _incident_role() -> None:
    op.create_table(
        "incident_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("role", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("since", Time(), nullable=False),
        sa.Column("until", Time(), nullable=True),
        sa.Column("assigned_by", Text(), nullable=True),
        sa.Column("handed_to", Text(), nullable=True),
        sa.Column("note", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_incident_role_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incident_role"),
    )
    _create_partial_index("ix_incident_role_held", "incident_role", ["team_id", "user_id"], "until IS NULL")
    op.create_index("ix_incident_role_incident_id", "incident_role", ["incident_id"])


def _postmortem() -> None:
    op.create_table(
        "postmortem",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template", Text(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("state", Text(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("created_by", Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("file_id", Text(), nullable=True),
        sa.Column("picture_id", Text(), nullable=True),
        sa.Column("has_transcript", sa.Boolean(), nullable=False),
        sa.Column("digest", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem"),
        sa.UniqueConstraint("incident_id", "version", name="uq_postmortem_incident_id_version"),
    )


def _postmortem_block() -> None:
    op.create_table(
        "postmortem_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("section", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("state", Text(), nullable=False),
        sa.Column("base", Text(), nullable=True),
        sa.Column("edited", Text(), nullable=True),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_placed", sa.Boolean(), nullable=False),
        sa.Column("edited_by", Text(), nullable=True),
        sa.Column("edited_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_block_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem_block"),
        sa.UniqueConstraint(
            "incident_id",
            "language",
            "section",
            "source",
            name="uq_postmortem_block_incident_id_language_section_source",
        ),
    )


def _postmortem_change() -> None:
    op.create_table(
        "postmortem_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", Text(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("section", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("changed_by", Text(), nullable=True),
        sa.Column("changed_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_change_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem_change"),
        sa.UniqueConstraint("incident_id", "number", name="uq_postmortem_change_incident_id_number"),
    )


def _postmortem_editor() -> None:
    op.create_table(
        "postmortem_editor",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("section", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("seen_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_editor_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", "user_id", name="pk_postmortem_editor"),
    )


def _postmortem_canvas() -> None:
    op.create_table(
        "postmortem_canvas",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("canvas_id", Text(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_canvas_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_postmortem_canvas"),
    )
    op.create_index("ix_postmortem_canvas_canvas_id", "postmortem_canvas", ["canvas_id"])


def _postmortem_comment() -> None:
    op.create_table(
        "postmortem_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("section", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("text", Text(), nullable=False),
        sa.Column("written_by", Text(), nullable=True),
        sa.Column("written_at", Time(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("is_reply", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_comment_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem_comment"),
    )
    op.create_index("ix_postmortem_comment_incident_id", "postmortem_comment", ["incident_id"])
    op.create_index("ix_postmortem_comment_message", "postmortem_comment", ["channel_id", "message_ts"])


def _postmortem_thread() -> None:
    op.create_table(
        "postmortem_thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("section", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("ts", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_thread_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem_thread"),
        sa.UniqueConstraint(
            "incident_id",
            "language",
            "section",
            "source",
            name="uq_postmortem_thread_incident_id_language_section_source",
        ),
    )
    op.create_index("ix_postmortem_thread_message", "postmortem_thread", ["channel_id", "ts"])


def _postmortem_review() -> None:
    op.create_table(
        "postmortem_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("reviewer", Text(), nullable=False),
        sa.Column("group_name", Text(), nullable=False),
        sa.Column("asked_by", Text(), nullable=True),
        sa.Column("asked_at", Time(), nullable=True),
        sa.Column("due", Text(), nullable=True),
        sa.Column("approved_at", Time(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_postmortem_review_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_postmortem_review"),
    )
    op.create_index("ix_postmortem_review_incident_id", "postmortem_review", ["incident_id"])


def _slack_message() -> None:
    op.create_table(
        "slack_message",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("view", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("ts", Text(), nullable=False),
        sa.Column("digest", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_slack_message_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", "view", name="pk_slack_message"),
    )


def _timeline_entry() -> None:
    op.create_table(
        "timeline_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("own_text", Text(), nullable=False),
        sa.Column("fact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("happened_at", Time(), nullable=True),
        sa.Column("precision", Text(), nullable=False),
        sa.Column("sort_at", Time(), nullable=False),
        sa.Column("recorded_at", Time(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("author", Text(), nullable=True),
        sa.Column("recorded_by", Text(), nullable=True),
        sa.Column("language", Text(), nullable=True),
        sa.Column("translations", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("thread_ts", Text(), nullable=True),
        sa.Column("posted_ts", Text(), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=False),
        sa.Column("amended_at", Time(), nullable=True),
        sa.Column("deleted_at", Time(), nullable=True),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.Column("withdrawn_by", Text(), nullable=True),
        sa.Column("withdrawal_reason", Text(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("redacted_at", Time(), nullable=True),
        sa.Column("redacted_by", Text(), nullable=True),
        sa.Column("redaction_reason", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_timeline_entry_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline_entry"),
        sa.UniqueConstraint(
            "incident_id", "channel_id", "message_ts", name="uq_timeline_entry_incident_id_channel_id_message_ts"
        ),
    )
    op.create_index("ix_timeline_entry_message", "timeline_entry", ["channel_id", "message_ts"])
    op.create_index("ix_timeline_entry_order", "timeline_entry", ["incident_id", "sort_at", "seq"])


def _kept_file() -> None:
    op.create_table(
        "kept_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("file_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("posted_by", Text(), nullable=True),
        sa.Column("media_type", Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", Text(), nullable=False),
        sa.Column("refusal", Text(), nullable=True),
        sa.Column("is_from_alert", sa.Boolean(), nullable=False),
        sa.Column("kept_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_kept_file_incident_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name="fk_kept_file_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_file"),
        sa.UniqueConstraint("entry_id", "file_id", name="uq_kept_file_entry_id_file_id"),
    )
    op.create_index("ix_kept_file_incident_id", "kept_file", ["incident_id"])
    op.create_index("ix_kept_file_posted_by", "kept_file", ["posted_by"])


def _action_item() -> None:
    op.create_table(
        "action_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("text", Text(), nullable=False),
        sa.Column("language", Text(), nullable=True),
        sa.Column("owner", Text(), nullable=True),
        sa.Column("owner_group", Text(), nullable=True),
        sa.Column("due", Text(), nullable=True),
        sa.Column("symptom", Text(), nullable=True),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("created_by", Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name="fk_action_item_entry_id"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_action_item_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_action_item"),
        sa.UniqueConstraint("incident_id", "number", name="uq_action_item_incident_id_number"),
    )
    op.create_index("ix_action_item_incident_id", "action_item", ["incident_id"])
    op.create_index("ix_action_item_is_done", "action_item", ["is_done"])


def _lane() -> None:
    op.create_table(
        "lane",
        sa.Column("key", Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", Time(), nullable=True),
        sa.Column("lease_until", Time(), nullable=True),
        sa.Column("owner", Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_lane"),
    )
    op.create_index("ix_lane_due_at", "lane", ["due_at"])
    _create_partial_index("ix_lane_leased", "lane", ["owner"], "owner IS NOT NULL")


def _rate_limit() -> None:
    op.create_table(
        "rate_limit",
        sa.Column("key", Text(), nullable=False),
        sa.Column("arrival_at", Time(), nullable=False),
        sa.Column("blocked_until", Time(), nullable=True),
        sa.Column("recent", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limit"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", Text(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("lane", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("target", Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("state", Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unanswered_attempts", sa.Integer(), nullable=False),
        sa.Column("defects", sa.Integer(), nullable=False),
        sa.Column("waits_for_slack", sa.Boolean(), nullable=False),
        sa.Column("not_before", Time(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("first_attempt_at", Time(), nullable=True),
        sa.Column("done_at", Time(), nullable=True),
        sa.Column("error", Text(), nullable=True),
        sa.Column("request_id", Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_outbox_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_incident", "outbox", ["incident_id", "state"])
    _create_partial_index("ix_outbox_over", "outbox", ["done_at"], "state IN ('done', 'dropped')")
    _create_partial_index("ix_outbox_troubled", "outbox", ["state"], "state IN ('failed', 'dead')")
    _create_partial_index(
        "ix_outbox_unfinished", "outbox", ["lane", "id"], "state IN ('waiting', 'running', 'unknown')"
    )
    _create_partial_index(
        "uq_outbox_waiting_view", "outbox", ["target"], "target IS NOT NULL AND state = 'waiting'", unique=True
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Time(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("user_id", Text(), nullable=True),
        sa.Column("action", Text(), nullable=False),
        sa.Column("origin", Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_incident_id", "audit", ["incident_id"])
    _create_partial_index("ix_audit_erasure", "audit", ["team_id"], "action = 'erased a person'")


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("key", Text(), nullable=False),
        sa.Column("received_at", Time(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_delivery"),
    )
    op.create_index("ix_delivery_received_at", "delivery", ["received_at"])


def _missing_permission() -> None:
    op.create_table(
        "missing_permission",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("key", Text(), nullable=False),
        sa.Column("first_seen_at", Time(), nullable=False),
        sa.Column("reported_at", Time(), nullable=True),
        sa.Column("detail", Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "key", name="pk_missing_permission"),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("handle", Text(), nullable=False),
        sa.Column("home_team_id", Text(), nullable=True),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("zone", Text(), nullable=True),
        sa.Column("dm_channel_id", Text(), nullable=True),
        sa.Column("profile_fetched_at", Time(), nullable=True),
        sa.Column("home_opened_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_person"),
    )
    _create_partial_index("ix_person_home", "person", ["team_id", "home_opened_at"], "home_opened_at IS NOT NULL")


def _timer() -> None:
    op.create_table(
        "timer",
        sa.Column("key", Text(), nullable=False),
        sa.Column("due_at", Time(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("abandoned_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_timer"),
    )
    op.create_index("ix_timer_due_at", "timer", ["due_at"])


def _maintenance_window() -> None:
    op.create_table(
        "maintenance_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("service", Text(), nullable=False),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("ends_at", Time(), nullable=False),
        sa.Column("reason", Text(), nullable=False),
        sa.Column("by", Text(), nullable=True),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("ended_by", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_window"),
    )
    op.create_index("ix_maintenance_window_team", "maintenance_window", ["team_id", "ends_at"])


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("fingerprint", Text(), nullable=False),
        sa.Column("stated_starts_at", Text(), nullable=False),
        sa.Column("group_key", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("status", Text(), nullable=False),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("starts_at_precision", Text(), nullable=False),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("first_seen_at", Time(), nullable=False),
        sa.Column("last_seen_at", Time(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("is_end_recorded", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("end_summary", Text(), nullable=True),
        sa.Column("link", Text(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("redacted_at", Time(), nullable=True),
        sa.Column("service", Text(), nullable=True),
        sa.Column("is_start_recorded", sa.Boolean(), nullable=False),
        sa.Column("maintenance_id", sa.Integer(), nullable=True),
        sa.Column("is_flapping", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_alert_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sa.UniqueConstraint(
            "team_id",
            "source",
            "fingerprint",
            "stated_starts_at",
            name="uq_alert_team_id_source_fingerprint_stated_starts_at",
        ),
    )
    op.create_index("ix_alert_group", "alert", ["team_id", "source", "group_key"])
    _create_partial_index("ix_alert_held", "alert", ["maintenance_id"], "maintenance_id IS NOT NULL")
    op.create_index("ix_alert_incident", "alert", ["incident_id"])
    _create_partial_index("ix_alert_loose", "alert", ["last_seen_at"], "incident_id IS NULL")


def _alert_counter() -> None:
    op.create_table(
        "alert_counter",
        sa.Column("incident_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("announced_since", Time(), nullable=True),
        sa.Column("repetition_at", Time(), nullable=True),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_alert_counter_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_alert_counter"),
    )


def _alert_group() -> None:
    op.create_table(
        "alert_group",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("group_key", Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("last_alert_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_alert_group_incident_id"),
        sa.PrimaryKeyConstraint("team_id", "source", "group_key", name="pk_alert_group"),
    )


def _storm() -> None:
    op.create_table(
        "storm",
        sa.Column("incident_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("began_at", Time(), nullable=False),
        sa.Column("last_at", Time(), nullable=False),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("worst", Text(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("beside", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_storm_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_storm"),
    )


def _storm_watch() -> None:
    op.create_table(
        "storm_watch",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("openings", sa.JSON(), nullable=False),
        sa.Column("storm_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["storm_id"], ["incident.id"], name="fk_storm_watch_storm_id"),
        sa.PrimaryKeyConstraint("team_id", name="pk_storm_watch"),
    )


def _heartbeat() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("last_beat_at", Time(), nullable=False),
        sa.Column("silent_since", Time(), nullable=True),
        sa.Column("down_since", Time(), nullable=True),
        sa.Column("down_until", Time(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "name", name="pk_heartbeat"),
    )


def _change() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("stated_id", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("title", Text(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("status", Text(), nullable=False),
        sa.Column("began_at", Time(), nullable=False),
        sa.Column("started_at", Time(), nullable=True),
        sa.Column("finished_at", Time(), nullable=True),
        sa.Column("environment", Text(), nullable=False),
        sa.Column("version", Text(), nullable=False),
        sa.Column("author", Text(), nullable=False),
        sa.Column("link", Text(), nullable=True),
        sa.Column("received_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
        sa.UniqueConstraint("team_id", "source", "stated_id", name="uq_change_team_id_source_stated_id"),
    )
    op.create_index("ix_change_team_id_began_at", "change", ["team_id", "began_at"])


def _vendor_feed() -> None:
    op.create_table(
        "vendor_feed",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("next_at", Time(), nullable=False),
        sa.Column("claimed_at", Time(), nullable=False),
        sa.Column("read_at", Time(), nullable=True),
        sa.Column("kind", Text(), nullable=True),
        sa.Column("page", sa.JSON(), nullable=True),
        sa.Column("versions", sa.JSON(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", Text(), nullable=True),
        sa.Column("problem_at", Time(), nullable=True),
        sa.Column("kept", Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "name", name="pk_vendor_feed"),
    )


def _vendor_incident() -> None:
    op.create_table(
        "vendor_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("vendor", Text(), nullable=False),
        sa.Column("stated_id", Text(), nullable=False),
        sa.Column("title", Text(), nullable=False),
        sa.Column("link", Text(), nullable=True),
        sa.Column("state", Text(), nullable=False),
        sa.Column("level", Text(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("started_at", Time(), nullable=True),
        sa.Column("first_word_at", Time(), nullable=False),
        sa.Column("last_word_at", Time(), nullable=False),
        sa.Column("resolved_at", Time(), nullable=True),
        sa.Column("seen_at", Time(), nullable=False),
        sa.Column("resolved_seen_at", Time(), nullable=True),
        sa.Column("text", Text(), nullable=False),
        sa.Column("was_open_before", sa.Boolean(), nullable=False),
        sa.Column("opened_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["opened_id"], ["incident.id"], name="fk_vendor_incident_opened_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vendor_incident"),
        sa.UniqueConstraint("team_id", "vendor", "stated_id", name="uq_vendor_incident_team_id_vendor_stated_id"),
    )
    op.create_index("ix_vendor_incident_open", "vendor_incident", ["team_id", "is_open"])
    op.create_index("ix_vendor_incident_first_word", "vendor_incident", ["team_id", "first_word_at"])


def _vendor_notice() -> None:
    op.create_table(
        "vendor_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_incident_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("state", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("decided_at", Time(), nullable=True),
        sa.Column("decided_by", Text(), nullable=True),
        sa.Column("first_entry_id", sa.Integer(), nullable=True),
        sa.Column("end_entry_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vendor_incident_id"], ["vendor_incident.id"], name="fk_vendor_notice_vendor_incident_id"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_vendor_notice_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vendor_notice"),
        sa.UniqueConstraint(
            "vendor_incident_id", "incident_id", name="uq_vendor_notice_vendor_incident_id_incident_id"
        ),
    )
    op.create_index("ix_vendor_notice_incident_id", "vendor_notice", ["incident_id"])


def _calendar() -> None:
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
        sa.PrimaryKeyConstraint("team_id", "name", name="pk_calendar"),
    )


def _calendar_key() -> None:
    op.create_table(
        "calendar_key",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("digest", Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_calendar_key"),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("method", Text(), nullable=False),
        sa.Column("address_encrypted", Text(), nullable=True),
        sa.Column("shown", Text(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("failed_at", Time(), nullable=True),
        sa.Column("problem", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
    )
    op.create_index("ix_contact_person", "contact", ["team_id", "user_id"])


def _mute() -> None:
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
        sa.PrimaryKeyConstraint("id", name="pk_mute"),
    )
    op.create_index("ix_mute_person", "mute", ["team_id", "user_id"])


def _page_test() -> None:
    op.create_table(
        "page_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("method", Text(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", Time(), nullable=False),
        sa.Column("sent_at", Time(), nullable=True),
        sa.Column("outcome", Text(), nullable=False),
        sa.Column("confirmed_at", Time(), nullable=True),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_page_test"),
    )
    op.create_index("ix_page_test_person", "page_test", ["team_id", "user_id"])


def _schedule_override() -> None:
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
        sa.Column("created_by", Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.Column("withdrawn_by", Text(), nullable=True),
        sa.Column("swap_id", sa.Integer(), nullable=True),
        sa.Column("relieved", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_override"),
    )
    op.create_index("ix_schedule_override_schedule", "schedule_override", ["team_id", "schedule", "ends_at"])


def _schedule_watch() -> None:
    op.create_table(
        "schedule_watch",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("schedule", Text(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("since", Time(), nullable=True),
        sa.Column("notified_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "schedule", name="pk_schedule_watch"),
    )


def _reminder() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("subject", Text(), nullable=False),
        sa.Column("asked_at", Time(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("snoozed_until", Time(), nullable=True),
        sa.Column("done_at", Time(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("replaced_ts", Text(), nullable=True),
        sa.Column("user_id", Text(), nullable=True),
        sa.Column("snoozed_by", Text(), nullable=True),
        sa.Column("disabled_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_reminder_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
        sa.UniqueConstraint("incident_id", "kind", "subject", name="uq_reminder_incident_id_kind_subject"),
    )


def _escalation() -> None:
    op.create_table(
        "escalation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("target_kind", Text(), nullable=False),
        sa.Column("target_id", Text(), nullable=False),
        sa.Column("target_name", Text(), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("reason", Text(), nullable=False),
        sa.Column("asked_by", Text(), nullable=True),
        sa.Column("asked_at", Time(), nullable=False),
        sa.Column("paged_at", Time(), nullable=True),
        sa.Column("precision", Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("declined_by", sa.JSON(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", Time(), nullable=True),
        sa.Column("acknowledged_by", Text(), nullable=True),
        sa.Column("acknowledgement_entry_id", sa.Integer(), nullable=True),
        sa.Column("exhausted_at", Time(), nullable=True),
        sa.Column("stopped_at", Time(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("working_hours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("policy_name", Text(), nullable=True),
        sa.Column("policy", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level_paged_at", Time(), nullable=True),
        sa.Column("next_step_at", Time(), nullable=True),
        sa.Column("more_time_until", Time(), nullable=True),
        sa.Column("started_by", Text(), nullable=False),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("activity_asked_at", Time(), nullable=True),
        sa.Column("ack_timeout_steps", sa.Integer(), nullable=False),
        sa.Column("active_at", Time(), nullable=True),
        sa.Column("case_reference", Text(), nullable=True),
        sa.Column("case_asked_at", Time(), nullable=True),
        sa.Column("case_asked", sa.Integer(), nullable=False),
        sa.Column("case_message_ts", Text(), nullable=True),
        sa.Column("first_answer_at", Time(), nullable=True),
        sa.Column("first_answer_entry_id", sa.Integer(), nullable=True),
        sa.Column("fixed_at", Time(), nullable=True),
        sa.Column("fixed_entry_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name="fk_escalation_entry_id"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_escalation_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_escalation"),
    )
    op.create_index("ix_escalation_incident_id", "escalation", ["incident_id"])
    op.create_index("ix_escalation_paged_at", "escalation", ["paged_at"])


def _escalation_response() -> None:
    op.create_table(
        "escalation_response",
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", Text(), nullable=True),
        sa.Column("name", Text(), nullable=False),
        sa.Column("at", Time(), nullable=False),
        sa.Column("method", Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.Column("withdrawal_reason", Text(), nullable=False),
        sa.Column("is_timed_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name="fk_escalation_response_escalation_id"),
        sa.PrimaryKeyConstraint("escalation_id", "position", name="pk_escalation_response"),
    )


def _escalation_step() -> None:
    op.create_table(
        "escalation_step",
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", Time(), nullable=False),
        sa.Column("paged_at", Time(), nullable=False),
        sa.Column("need", Text(), nullable=False),
        sa.Column("because", Text(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("vendors", sa.JSON(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("passed_over", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name="fk_escalation_step_escalation_id"),
        sa.PrimaryKeyConstraint("escalation_id", "position", name="pk_escalation_step"),
    )


def _page() -> None:
    op.create_table(
        "page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("method", Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("queued_at", Time(), nullable=False),
        sa.Column("sent_at", Time(), nullable=True),
        sa.Column("outcome", Text(), nullable=False),
        sa.Column("channel_id", Text(), nullable=True),
        sa.Column("message_ts", Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("due_at", Time(), nullable=True),
        sa.Column("skipped", Text(), nullable=True),
        sa.Column("external_ref", Text(), nullable=True),
        sa.Column("link_used_at", Time(), nullable=True),
        sa.Column("bundle_key", Text(), nullable=True),
        sa.Column("out_of_hours", sa.Boolean(), nullable=True),
        sa.Column("late_seconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name="fk_page_escalation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
    )
    _create_partial_index("ix_page_bundle", "page", ["bundle_key"], "bundle_key IS NOT NULL")
    op.create_index("ix_page_escalation_id", "page", ["escalation_id"])
    op.create_index("ix_page_message", "page", ["channel_id", "message_ts"])
    op.create_index("ix_page_person", "page", ["user_id", "method", "queued_at"])
    op.create_index("ix_page_sent_at", "page", ["sent_at"])


def _clock_mark() -> None:
    op.create_table(
        "clock_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clock_mark"),
    )


def _periodic_task() -> None:
    op.create_table(
        "periodic_task",
        sa.Column("key", Text(), nullable=False),
        sa.Column("started_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_periodic_task"),
    )


def _web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", Text(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("way", Text(), nullable=False),
        sa.Column("signed_in_at", Time(), nullable=False),
        sa.Column("seen_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_web_session"),
    )
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"])


def _sign_in_identity() -> None:
    op.create_table(
        "sign_in_identity",
        sa.Column("issuer", Text(), nullable=False),
        sa.Column("subject", Text(), nullable=False),
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("linked_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_sign_in_identity"),
    )
    op.create_index("ix_sign_in_identity_user_id", "sign_in_identity", ["user_id"])


def _public_incident() -> None:
    op.create_table(
        "public_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("public_id", Text(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("impact_started_at", Time(), nullable=True),
        sa.Column("impact_ended_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_public_incident_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_public_incident"),
        sa.UniqueConstraint("incident_id", name="uq_public_incident_incident_id"),
        sa.UniqueConstraint("public_id", name="uq_public_incident_public_id"),
    )


def _public_update() -> None:
    op.create_table(
        "public_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_incident_id", sa.Integer(), nullable=False),
        sa.Column("state", Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("is_closing", sa.Boolean(), nullable=False),
        sa.Column("published_at", Time(), nullable=False),
        sa.Column("recorded_at", Time(), nullable=False),
        sa.Column("corrected_at", Time(), nullable=True),
        sa.Column("withdrawn_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(
            ["public_incident_id"], ["public_incident.id"], name="fk_public_update_public_incident_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_public_update"),
    )
    op.create_index("ix_public_update_public_incident_id", "public_update", ["public_incident_id"])


def _public_maintenance() -> None:
    op.create_table(
        "public_maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("public_id", Text(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("starts_at", Time(), nullable=False),
        sa.Column("ends_at", Time(), nullable=False),
        sa.Column("ended_at", Time(), nullable=True),
        sa.Column("published_at", Time(), nullable=False),
        sa.Column("changed_at", Time(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["maintenance_window.id"], name="fk_public_maintenance_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_public_maintenance"),
        sa.UniqueConstraint("window_id", name="uq_public_maintenance_window_id"),
        sa.UniqueConstraint("public_id", name="uq_public_maintenance_public_id"),
    )


def _publication_request() -> None:
    op.create_table(
        "publication_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("basis", Text(), nullable=False),
        sa.Column("was_open", sa.Boolean(), nullable=False),
        sa.Column("requested_by", Text(), nullable=False),
        sa.Column("requested_at", Time(), nullable=False),
        sa.Column("outcome", Text(), nullable=True),
        sa.Column("decided_by", Text(), nullable=True),
        sa.Column("decided_at", Time(), nullable=True),
        sa.Column("reason", Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_publication_request_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_publication_request"),
    )
    op.create_index("ix_publication_request_incident_id", "publication_request", ["incident_id"])


def _public_revision() -> None:
    op.create_table(
        "public_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_public_revision"),
    )


def _subscriber() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("address_key", Text(), nullable=False),
        sa.Column("address_encrypted", Text(), nullable=False),
        sa.Column("leave_key", Text(), nullable=False),
        sa.Column("language", Text(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("confirmed_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber"),
        sa.UniqueConstraint("address_key", name="uq_subscriber_address_key"),
        sa.UniqueConstraint("leave_key", name="uq_subscriber_leave_key"),
    )
    op.create_index("ix_subscriber_kind_id", "subscriber", ["kind", "id"])
    op.create_index("ix_subscriber_kind_language", "subscriber", ["kind", "language"])


def _create_partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def _search_index() -> None:
    connection = op.get_bind()
    written = Path(__file__).parents[1] / "search_index" / f"{connection.dialect.name}.sql"
    for statement in written.read_text(encoding="utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    raise RuntimeError("Dogwatch's migrations go forwards only: restore a backup instead.")
