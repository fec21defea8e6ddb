"""
Which Web API methods there are: rate tier, scopes (any one of them is enough), arguments.

Own data, as Slack documents it. An argument is `name:type`, with `*` if required; types: s text, b yes or no, i whole
number, j JSON (given as such or as text), l a list (JSON, or parted by commas). Tier 0: no limit worth imitating; tier 5: a special limit.
"""
# ruff: noqa: E501  a table reads best with one method a line

from dataclasses import dataclass

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100, 5: 300}

TABLE = """
auth.test                    | 0 | -
auth.teams.list              | 2 | - | cursor:s limit:i include_icon:b
apps.connections.open        | 3 | connections:write
team.info                    | 3 | team:read | team:s domain:s
users.info                   | 4 | users:read | user:s* include_locale:b
users.list                   | 2 | users:read | cursor:s limit:i include_locale:b team_id:s
users.lookupByEmail          | 3 | users:read.email | email:s*
usergroups.list              | 2 | usergroups:read | include_count:b include_disabled:b include_users:b team_id:s
usergroups.users.list        | 2 | usergroups:read | usergroup:s* include_disabled:b team_id:s
bookmarks.add                | 2 | bookmarks:write | channel_id:s title:s* type:s* link:s emoji:s entity_id:s access_level:s parent_id:s
bookmarks.edit               | 2 | bookmarks:write | channel_id:s bookmark_id:s title:s link:s emoji:s
bookmarks.remove             | 2 | bookmarks:write | channel_id:s bookmark_id:s quip_section_id:s
bookmarks.list               | 3 | bookmarks:read | channel_id:s
canvases.create              | 2 | canvases:write | title:s document_content:j channel_id:s
canvases.edit                | 3 | canvases:write | canvas_id:s* changes:j*
canvases.delete              | 3 | canvases:write | canvas_id:s*
canvases.getContent          | 3 | canvases:read | canvas_id:s* content_type:s
canvases.access.set          | 3 | canvases:write | canvas_id:s* access_level:s* channel_ids:l user_ids:l
canvases.access.delete       | 3 | canvases:write | canvas_id:s* channel_ids:l user_ids:l
canvases.sections.lookup     | 3 | canvases:read | canvas_id:s* criteria:j*
conversations.canvases.create | 2 | canvases:write | channel_id:s* document_content:j title:s
conversations.create         | 2 | channels:manage groups:write im:write mpim:write channels:write | name:s* is_private:b team_id:s
conversations.list           | 2 | channels:read groups:read im:read mpim:read | types:s exclude_archived:b cursor:s limit:i team_id:s
conversations.info           | 3 | channels:read groups:read im:read mpim:read | channel:s* include_locale:b include_num_members:b
conversations.members        | 4 | channels:read groups:read im:read mpim:read | channel:s* cursor:s limit:i
conversations.history        | 3 | channels:history groups:history im:history mpim:history | channel:s* cursor:s inclusive:b include_all_metadata:b latest:s oldest:s limit:i
conversations.replies        | 3 | channels:history groups:history im:history mpim:history | channel:s* ts:s* cursor:s inclusive:b include_all_metadata:b latest:s oldest:s limit:i
conversations.invite         | 3 | channels:manage channels:write.invites groups:write groups:write.invites im:write mpim:write | channel:s* users:s* force:b
conversations.join           | 3 | channels:join | channel:s*
conversations.open           | 3 | channels:manage groups:write im:write mpim:write | channel:s users:s return_im:b prevent_creation:b
conversations.setTopic       | 2 | channels:manage channels:write.topic groups:write groups:write.topic im:write im:write.topic mpim:write mpim:write.topic | channel:s* topic:s*
conversations.setPurpose     | 2 | channels:manage channels:write.topic groups:write groups:write.topic im:write im:write.topic mpim:write mpim:write.topic | channel:s* purpose:s*
conversations.archive        | 2 | channels:manage groups:write im:write mpim:write channels:write | channel:s*
conversations.unarchive      | 2 | channels:manage groups:write im:write mpim:write channels:write | channel:s*
conversations.rename         | 2 | channels:manage groups:write im:write mpim:write channels:write | channel:s* name:s*
conversations.kick           | 3 | channels:manage groups:write | channel:s* user:s
chat.postMessage             | 5 | chat:write | channel:s* text:s blocks:j attachments:j thread_ts:s reply_broadcast:b metadata:j markdown_text:s mrkdwn:b parse:s link_names:b unfurl_links:b unfurl_media:b username:s icon_emoji:s icon_url:s as_user:b current_draft_last_updated_ts:s
chat.update                  | 3 | chat:write | channel:s* ts:s* text:s blocks:j attachments:j unfurled_attachments:j metadata:j markdown_text:s parse:s link_names:b reply_broadcast:b file_ids:j as_user:b
chat.delete                  | 3 | chat:write | channel:s* ts:s* as_user:b
chat.postEphemeral           | 4 | chat:write | channel:s* user:s* text:s blocks:j attachments:j thread_ts:s metadata:j markdown_text:s parse:s link_names:b username:s icon_emoji:s icon_url:s as_user:b
chat.getPermalink            | 0 | - | channel:s* message_ts:s*
reactions.add                | 3 | reactions:write | channel:s* timestamp:s* name:s*
reactions.remove             | 2 | reactions:write | name:s* channel:s timestamp:s file:s file_comment:s
reactions.get                | 3 | reactions:read | channel:s timestamp:s file:s file_comment:s full:b
pins.add                     | 2 | pins:write | channel:s* timestamp:s
pins.remove                  | 2 | pins:write | channel:s* timestamp:s
pins.list                    | 2 | pins:read | channel:s*
files.getUploadURLExternal   | 4 | files:write | filename:s* length:i* snippet_type:s alt_txt:s
files.completeUploadExternal | 4 | files:write | files:j* channel_id:s channels:s initial_comment:s thread_ts:s blocks:j username:s icon_url:s icon_emoji:s
files.delete                 | 3 | files:write | file:s*
files.info                   | 4 | files:read | file:s* count:i page:i cursor:s limit:i
views.open                   | 4 | - | view:j* trigger_id:s interactivity_pointer:s
views.push                   | 4 | - | view:j* trigger_id:s interactivity_pointer:s
views.update                 | 4 | - | view:j* view_id:s external_id:s hash:s
views.publish                | 4 | - | user_id:s* view:j* hash:s interactivity_pointer:s
"""


@dataclass(frozen=True)
class Argument:
    name: str
    type: str
    is_required: bool


@dataclass(frozen=True)
class Method:
    name: str
    tier: int
    scopes: tuple[str, ...]
    arguments: tuple[Argument, ...]


def _method(line: str) -> Method:
    name, tier, scopes, arguments, *_ = [*(part.strip() for part in line.split("|")), ""]
    return Method(
        name,
        int(tier),
        () if scopes == "-" else tuple(scopes.split()),
        tuple(_argument(text) for text in arguments.split()),
    )


def _argument(text: str) -> Argument:
    name, _, kind = text.partition(":")
    return Argument(name, kind[0], kind.endswith("*"))


METHODS = {method.name: method for method in map(_method, TABLE.strip().splitlines())}

EVERY_SCOPE = tuple(sorted({scope for method in METHODS.values() for scope in method.scopes}))
ALSO = (
    "app_mentions:read",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "links:read",
    "links:write",
    "metadata.message:read",
)
ALL_SCOPES = tuple(scope for scope in sorted({*EVERY_SCOPE, *ALSO}) if scope != "connections:write")
