"""Calls that Slack refuses, with the error of each."""

DIVIDER = [{"type": "divider"}]


MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": DIVIDER}


METADATA = {"event_type": "e", "event_payload": {"k": "v" * 17_000}}


URL = "https://example.org"


LIST_IN_QUOTE = {"type": "markdown", "markdown": "words\n\n> - an item"}


BIG = {"type": "markdown", "markdown": "x" * (1024 * 1024 + 1)}


TABLE = {"type": "markdown", "markdown": "| a | b | c |\n" * 101}


END = {"operation": "insert_at_end", "document_content": {"type": "markdown", "markdown": "more"}}


CASES = [
    ("conversations.create", {}, "invalid_arguments"),
    ("conversations.create", {"name": ""}, "invalid_name_required"),
    ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
    ("conversations.create", {"name": "Room"}, "invalid_name_specials"),
    ("conversations.create", {"name": "a room"}, "invalid_name_specials"),
    ("conversations.create", {"name": "---"}, "invalid_name_punctuation"),
    ("conversations.create", {"name": "room"}, "name_taken"),
    ("conversations.create", {"name": "old"}, "name_taken"),
    ("conversations.info", {"channel": "CNONE"}, "channel_not_found"),
    ("conversations.info", {"channel": "CSECRET"}, "channel_not_found"),
    ("conversations.list", {"types": "rooms"}, "invalid_types"),
    ("conversations.list", {"limit": 5000}, "invalid_limit"),
    ("conversations.list", {"cursor": "%%%"}, "invalid_cursor"),
    ("conversations.history", {"channel": "C0OPS"}, "not_in_channel"),
    ("conversations.history", {"channel": "CROOM", "oldest": "then"}, "invalid_ts_oldest"),
    ("conversations.history", {"channel": "CROOM", "latest": "now"}, "invalid_ts_latest"),
    ("conversations.replies", {"channel": "C0OPS", "ts": "1.2"}, "not_in_channel"),
    ("conversations.replies", {"channel": "CROOM", "ts": "1.2"}, "thread_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "UNONE"}, "user_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "UGONE"}, "user_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "U0DOGWATCH"}, "cant_invite_self"),
    ("conversations.invite", {"channel": "CROOM", "users": "U0DBA"}, "already_in_channel"),
    ("conversations.invite", {"channel": "CROOM", "users": ","}, "no_user"),
    ("conversations.invite", {"channel": "CROOM", "users": ",".join(["U0DBA"] * 101)}, "too_many_users"),
    ("conversations.invite", {"channel": "C0OPS", "users": "U0DBA"}, "not_in_channel"),
    ("conversations.join", {"channel": "COLD"}, "is_archived"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "UNONE"}, "user_not_found"),
    ("conversations.open", {"users": "UGONE"}, "user_disabled"),
    ("conversations.open", {"users": ",".join(["U0DBA"] * 9)}, "too_many_users"),
    ("conversations.setTopic", {"channel": "CROOM", "topic": "x" * 251}, "too_long"),
    ("conversations.setTopic", {"channel": "C0OPS", "topic": "x"}, "not_in_channel"),
    ("conversations.setPurpose", {"channel": "CROOM", "purpose": "x" * 251}, "too_long"),
    ("conversations.archive", {"channel": "C0GENERAL"}, "cant_archive_general"),
    ("conversations.archive", {"channel": "COLD"}, "already_archived"),
    ("conversations.archive", {"channel": "C0OPS"}, "not_in_channel"),
    ("conversations.unarchive", {"channel": "CROOM"}, "not_archived"),
    ("conversations.unarchive", {"channel": "COLD"}, "not_in_channel"),
    ("conversations.rename", {"channel": "CROOM", "name": "general"}, "name_taken"),
    ("conversations.rename", {"channel": "CROOM", "name": "A B"}, "invalid_name_specials"),
    ("conversations.kick", {"channel": "CROOM", "user": "U0DOGWATCH"}, "cant_kick_self"),
    ("conversations.kick", {"channel": "CROOM", "user": "U0SUPPORT"}, "not_in_channel"),
    ("chat.postMessage", {"channel": "CROOM"}, "no_text"),
    ("chat.postMessage", {"channel": "CNONE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "COLD", "text": "x"}, "is_archived"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": [{"type": "nothing"}]}, "invalid_blocks"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": DIVIDER * 51}, "invalid_blocks"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_format"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": METADATA}, "metadata_too_large"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "thread_ts": "then"}, "cannot_reply_to_message"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "unfurl_links": "perhaps"}, "invalid_arguments"),
    ("chat.update", {"channel": "CROOM", "ts": "1.2", "text": "x"}, "message_not_found"),
    ("chat.update", {"channel": "CROOM", "ts": "OWN", "text": "x" * 4001}, "msg_too_long"),
    ("chat.update", {"channel": "CROOM", "ts": "THEIRS", "text": "x"}, "cant_update_message"),
    ("chat.delete", {"channel": "CROOM", "ts": "THEIRS"}, "cant_delete_message"),
    ("chat.delete", {"channel": "CROOM", "ts": "1.2"}, "message_not_found"),
    ("chat.postEphemeral", {"channel": "CROOM", "user": "U0SUPPORT", "text": "x"}, "user_not_in_channel"),
    ("chat.postEphemeral", {"channel": "C0OPS", "user": "U0SUPPORT", "text": "x"}, "not_in_channel"),
    ("chat.getPermalink", {"channel": "CROOM", "message_ts": "1.2"}, "message_not_found"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "OWN", "name": "no such"}, "invalid_name"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "OWN", "name": "eyes"}, "already_reacted"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "then", "name": "eyes"}, "bad_timestamp"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "1000000000.000001", "name": "eyes"}, "message_not_found"),
    ("reactions.remove", {"channel": "CROOM", "timestamp": "OWN", "name": "tada"}, "no_reaction"),
    ("reactions.remove", {"name": "tada"}, "no_item_specified"),
    ("pins.add", {"channel": "CROOM", "timestamp": "OWN"}, "already_pinned"),
    ("pins.add", {"channel": "CROOM"}, "no_item_specified"),
    ("pins.remove", {"channel": "CROOM", "timestamp": "THEIRS"}, "no_pin"),
    ("files.getUploadURLExternal", {"filename": "a", "length": 0}, "invalid_arguments"),
    ("files.completeUploadExternal", {"files": [{"id": "FNONE"}]}, "file_not_found"),
    ("files.delete", {"file": "FNONE"}, "file_not_found"),
    ("files.info", {"file": "FNONE"}, "file_not_found"),
    ("users.info", {"user": "UNONE"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@example.com"}, "users_not_found"),
    ("views.open", {"view": MODAL}, "invalid_arguments"),
    ("views.open", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
    ("views.open", {"trigger_id": "FRESH", "view": MODAL | {"title": "T"}}, "invalid_arguments"),
    ("views.update", {"view_id": "VNONE", "view": MODAL}, "not_found"),
    ("views.push", {"trigger_id": "FRESH", "view": MODAL}, "not_found"),
    ("views.publish", {"user_id": "U0DBA", "view": MODAL}, "invalid_arguments"),
    ("usergroups.users.list", {"usergroup": "SNONE"}, "no_such_subteam"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "link", "link": "ftp://a"}, "invalid_link"),
    (
        "bookmarks.add",
        {"channel_id": "CROOM", "title": "T", "type": "link", "link": URL, "emoji": "x"},
        "invalid_emoji",
    ),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "tab", "link": URL}, "invalid_bookmark_type"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "folder", "link": URL}, "parent_with_link"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T" * 257, "type": "link", "link": URL}, "invalid_arguments"),
    ("bookmarks.add", {"channel_id": "CSECRET", "title": "T", "type": "link", "link": URL}, "channel_not_found"),
    ("bookmarks.add", {"channel_id": "COLD", "title": "T", "type": "link", "link": URL}, "permission_denied"),
    ("bookmarks.add", {"title": "T", "type": "link", "link": URL}, "channel_not_found"),
    ("bookmarks.edit", {"channel_id": "CROOM", "bookmark_id": "BkNONE", "title": "T"}, "not_found"),
    ("bookmarks.remove", {"channel_id": "CROOM", "bookmark_id": "BkNONE"}, "not_found"),
    ("bookmarks.list", {"channel_id": "CSECRET"}, "channel_not_found"),
    ("canvases.create", {"document_content": LIST_IN_QUOTE}, "canvas_creation_failed"),
    ("canvases.create", {"channel_id": "C0OPS"}, "restricted_action"),
    ("conversations.canvases.create", {"channel_id": "CROOM", "document_content": BIG}, "canvas_creation_failed"),
    ("canvases.edit", {"canvas_id": "FNONE", "changes": [{"operation": "delete"}]}, "canvas_not_found"),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [END, END]}, "invalid_arguments"),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [{"operation": "append"}]}, "invalid_arguments"),
    (
        "canvases.edit",
        {"canvas_id": "CANVAS", "changes": [END | {"operation": "replace", "section_id": "temp:C:no"}]},
        "canvas_editing_failed",
    ),
    (
        "canvases.edit",
        {"canvas_id": "CANVAS", "changes": [END | {"document_content": LIST_IN_QUOTE}]},
        "canvas_editing_failed",
    ),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [END | {"document_content": TABLE}]}, "canvas_editing_failed"),
    ("canvases.delete", {"canvas_id": "FNONE"}, "canvas_not_found"),
    ("canvases.sections.lookup", {"canvas_id": "FNONE", "criteria": {}}, "canvas_not_found"),
    ("canvases.sections.lookup", {"canvas_id": "CANVAS", "criteria": {}}, "invalid_arguments"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "all"}, "invalid_arguments"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "read"}, "invalid_parameters"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "read", "user_ids": ["UNONE"]}, "user_not_found"),
    ("canvases.access.delete", {"canvas_id": "CANVAS", "channel_ids": ["CSECRET"]}, "channel_not_found"),
    ("canvases.getContent", {"canvas_id": "FNONE"}, "canvas_not_found"),
    ("team.info", {"team": "TNONE"}, "team_not_found"),
    ("chat.shout", {}, "unknown_method"),
]
