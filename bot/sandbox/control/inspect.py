"""Queries of the control API: channels, messages, files, views, calls and deliveries."""

from bisect import bisect_right

from bot.sandbox.core import Core
from bot.sandbox.workspace import messages, serialize
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError, View
from bot.sandbox.workspace.serialize_files import file_json


class Inspection(Core):
    def channels(self, user: str | None = None) -> list[Json]:
        """Return all channels, or those that a person can see, with `num_members`."""
        viewer = self._user(user).id if user else None
        return [
            self._channel_json(channel, viewer)
            for channel in self.workspace.channels.values()
            if viewer is None or self.workspace.can_see(channel, viewer)
        ]

    def channel(self, name: str) -> Json | None:
        """Return a channel; None if there is none of that name."""
        try:
            return self._channel_json(self._channel(name))
        except SlackError:
            return None

    def _channel_json(self, channel: Channel, viewer: str | None = None) -> Json:
        shown = serialize.channel_json(self.workspace, channel, viewer or self.bot_user_id)
        return shown | {"num_members": len(channel.members)}

    def members(self, channel: str) -> list[str]:
        return list(self._channel(channel).members)

    def messages(self, channel: str, user: str | None = None, threads: bool = True) -> list[Json]:
        """Return messages, oldest first, with those for `user` alone. `threads`: replies too."""
        conversation = self._channel(channel)
        viewer = self._user(user).id if user else None
        notes = [
            note
            for where, note in self.workspace.ephemerals
            if where == conversation.id and note.ephemeral_to == viewer
        ]
        said = [conversation.messages[ts] for ts in conversation.order]
        chosen = [each for each in said if threads or not each.thread_ts or each.is_broadcast]
        notes = [note for note in notes if threads or not note.thread_ts]
        return [self._message_json(conversation, each) for each in sorted([*chosen, *notes], key=lambda each: each.ts)]

    def _message_json(self, conversation: Channel, message: Message) -> Json:
        shown = serialize.message_json(self.workspace, conversation, message)
        return shown | {"is_ephemeral": True} if message.ephemeral_to else shown

    def message(self, channel: str, ts: str) -> Json | None:
        conversation = self._channel(channel)
        found = conversation.messages.get(ts)
        return self._message_json(conversation, found) if found else None

    def thread(self, channel: str, ts: str, user: str | None = None) -> list[Json]:
        """Return the parent, if it exists, and its replies, with those for `user` alone."""
        conversation = self._channel(channel)
        found = [
            conversation.messages[each]
            for each in [ts, *conversation.threads.get(ts, [])]
            if each in conversation.messages
        ]
        viewer = self._user(user).id if user else None
        found += [
            note
            for where, note in self.workspace.ephemerals
            if where == conversation.id and note.ephemeral_to == viewer and note.thread_ts == ts
        ]
        return [self._message_json(conversation, each) for each in sorted(found, key=lambda each: each.ts)]

    def unread(self, user: str, read: dict[str, str], since: str = "0") -> dict[str, Json]:
        """
        Count what others wrote in this person's channels: `new` messages, and `mentions`.

        `read`: the ts up to which a channel was read; `since`: for other channels. All direct messages are mentions.
        """
        person = self._user(user)
        names = [f"<@{person.id}", "<!channel", "<!here", "<!everyone"]
        names += [f"<!subteam^{group.id}" for group in self.workspace.usergroups.values() if person.id in group.users]
        counts = {}
        for channel in self.workspace.channels.values():
            if person.id not in channel.members:
                continue
            after = read.get(channel.id, since)
            new = [channel.messages[ts] for ts in channel.order[bisect_right(channel.order, after) :]]
            new = [each for each in new if is_unread_message(each, person.id)]
            calls = [each for each in new if channel.is_direct or any(name in each.text for name in names)]
            if new:
                counts[channel.id] = {"new": len(new), "mentions": len(calls)}
        return counts

    def ephemerals(self, user: str, channel: str | None = None) -> list[Json]:
        person = self._user(user).id
        wanted = self._channel(channel).id if channel else None
        return [
            self._message_json(self.workspace.channels[where], note) | {"channel": where}
            for where, note in self.workspace.ephemerals
            if note.ephemeral_to == person and wanted in (None, where)
        ]

    def pins(self, channel: str) -> list[Json]:
        conversation = self._channel(channel)
        return [self._message_json(conversation, each) for each in messages.pinned_messages(conversation)]

    def files(self, channel: str | None = None) -> list[Json]:
        wanted = self._channel(channel).id if channel else None
        return [
            file_json(self.workspace, file)
            for file in self.workspace.files.values()
            if file.is_complete and (wanted is None or any(share["channel"] == wanted for share in file.shares))
        ]

    def file_content(self, file_id: str) -> bytes:
        file = self.workspace.files.get(file_id)
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        return file.content

    def views(self, user: str | None = None) -> list[Json]:
        """Return the open modals, the topmost last, with `user` and displayed `errors`."""
        wanted = self._user(user).id if user else None
        found = [view for view in self.workspace.views.values() if view.type == "modal" and wanted in (None, view.user)]
        return [self._view_json(view) for view in found]

    def home(self, user: str) -> Json | None:
        view = self.workspace.views.get(self.workspace.homes.get(self._user(user).id, ""))
        return self._view_json(view) if view else None

    def _view_json(self, view: View) -> Json:
        return serialize.view_json(self.workspace, view) | {"user": view.user, "errors": view.errors}

    def users(self) -> list[Json]:
        return [serialize.user_json(self.workspace, user, at=self.now()) for user in self.workspace.users.values()]

    def user(self, name: str) -> Json:
        return serialize.user_json(self.workspace, self._user(name), at=self.now())

    def usergroups(self) -> list[Json]:
        groups = self.workspace.usergroups.values()
        return [serialize.usergroup_json(self.workspace, group, with_users=True, with_count=True) for group in groups]

    def calls(self, method: str | None = None) -> list[Json]:
        """Return the Web API calls in order."""
        return [call for call in self.api.calls if method in (None, call["method"])]

    def clear_calls(self) -> None:
        self.api.calls.clear()

    def deliveries(self, type: str | None = None) -> list[Json]:  # noqa: A002  Slack's own name for it
        """Return delivery attempts. `type`: of an event or interaction, or a command."""
        return [each for each in self.delivery.records if type in (None, each["type"], each["kind"])]

    def clear_deliveries(self) -> None:
        self.delivery.records.clear()

    def info(self) -> Json:
        """Return addresses, ids, tokens and the signing secret."""
        return {
            "base_url": self.base_url,
            "api_url": self.api_url,
            "page_url": self.page_url,
            "bot_token": self.bot_token,
            "app_token": self.app_token,
            "signing_secret": self.signing_secret,
            "team_id": self.team_id,
            "app_id": self.app_id,
            "bot_user_id": self.bot_user_id,
            "bot_id": self.bot_id,
        }


def is_unread_message(message: Message, reader: str) -> bool:
    """Return whether a message makes its channel unread for `reader`."""
    if message.user == reader or (message.subtype and not message.is_broadcast and message.subtype != "bot_message"):
        return False
    return not message.thread_ts or message.is_broadcast
