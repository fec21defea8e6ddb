"""What can be looked at: channels, messages, files, views, and what went over the wire."""

from bisect import bisect_right

from bot.sandbox.core import Core
from bot.sandbox.workspace import messages
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError, View


class Looks(Core):
    def channels(self, user: str | None = None) -> list[Json]:
        """All of them as the bot sees them, or those that this person may know of; each with `num_members`."""
        viewer = self._user(user).id if user else None
        return [
            self._shown_channel(channel, viewer)
            for channel in self.workspace.channels.values()
            if viewer is None or self.workspace.sees(channel, viewer)
        ]

    def channel(self, name: str) -> Json | None:
        """None if there is none of that name."""
        try:
            return self._shown_channel(self._channel(name))
        except SlackError:
            return None

    def _shown_channel(self, channel: Channel, viewer: str | None = None) -> Json:
        shown = wire.channel_json(self.workspace, channel, viewer or self.bot_user_id)
        return shown | {"num_members": len(channel.members)}

    def members(self, channel: str) -> list[str]:
        return list(self._channel(channel).members)

    def messages(self, channel: str, user: str | None = None, threads: bool = True) -> list[Json]:
        """Oldest first. `user`: with what only this person sees. `threads`: replies too."""
        place = self._channel(channel)
        viewer = self._user(user).id if user else None
        notes = [note for where, note in self.workspace.ephemerals if where == place.id and note.ephemeral_to == viewer]
        said = [place.messages[ts] for ts in place.order]
        chosen = [each for each in said if threads or not each.thread_ts or each.is_broadcast]
        notes = [note for note in notes if threads or not note.thread_ts]
        return [self._shown(place, each) for each in sorted([*chosen, *notes], key=lambda each: each.ts)]

    def _shown(self, place: Channel, message: Message) -> Json:
        shown = wire.message_json(self.workspace, place, message)
        return shown | {"is_ephemeral": True} if message.ephemeral_to else shown

    def message(self, channel: str, ts: str) -> Json | None:
        place = self._channel(channel)
        found = place.messages.get(ts)
        return self._shown(place, found) if found else None

    def thread(self, channel: str, ts: str, user: str | None = None) -> list[Json]:
        """The parent, if it is still there, and its replies. `user`: with what only this person sees in it."""
        place = self._channel(channel)
        found = [place.messages[each] for each in [ts, *place.threads.get(ts, [])] if each in place.messages]
        viewer = self._user(user).id if user else None
        found += [
            note
            for where, note in self.workspace.ephemerals
            if where == place.id and note.ephemeral_to == viewer and note.thread_ts == ts
        ]
        return [self._shown(place, each) for each in sorted(found, key=lambda each: each.ts)]

    def unread(self, user: str, read: dict[str, str], since: str = "0") -> dict[str, Json]:
        """
        What others wrote in this person's channels after what was read: `new`, and of these `mentions` of the person.

        `read`: the ts up to which a channel was read; `since` for those not in it. In direct messages all is for them.
        """
        who = self._user(user)
        names = [f"<@{who.id}", "<!channel", "<!here", "<!everyone"]
        names += [f"<!subteam^{group.id}" for group in self.workspace.usergroups.values() if who.id in group.users]
        counts = {}
        for channel in self.workspace.channels.values():
            if who.id not in channel.members:
                continue
            after = read.get(channel.id, since)
            new = [channel.messages[ts] for ts in channel.order[bisect_right(channel.order, after) :]]
            new = [each for each in new if is_news(each, who.id)]
            calls = [each for each in new if channel.is_direct or any(name in each.text for name in names)]
            if new:
                counts[channel.id] = {"new": len(new), "mentions": len(calls)}
        return counts

    def ephemerals(self, user: str, channel: str | None = None) -> list[Json]:
        who = self._user(user).id
        wanted = self._channel(channel).id if channel else None
        return [
            self._shown(self.workspace.channels[where], note) | {"channel": where}
            for where, note in self.workspace.ephemerals
            if note.ephemeral_to == who and wanted in (None, where)
        ]

    def pins(self, channel: str) -> list[Json]:
        place = self._channel(channel)
        return [self._shown(place, each) for each in messages.pinned(place)]

    def files(self, channel: str | None = None) -> list[Json]:
        wanted = self._channel(channel).id if channel else None
        return [
            wire.file_json(self.workspace, file)
            for file in self.workspace.files.values()
            if file.is_complete and (wanted is None or any(share["channel"] == wanted for share in file.shares))
        ]

    def file_content(self, file_id: str) -> bytes:
        file = self.workspace.files.get(file_id)
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        return file.content

    def views(self, user: str | None = None) -> list[Json]:
        """Open modals, the topmost last; each with its `user` and the `errors` shown in it."""
        wanted = self._user(user).id if user else None
        found = [view for view in self.workspace.views.values() if view.type == "modal" and wanted in (None, view.user)]
        return [self._shown_view(view) for view in found]

    def home(self, user: str) -> Json | None:
        view = self.workspace.views.get(self.workspace.homes.get(self._user(user).id, ""))
        return self._shown_view(view) if view else None

    def _shown_view(self, view: View) -> Json:
        return wire.view_json(self.workspace, view) | {"user": view.user, "errors": view.errors}

    def users(self) -> list[Json]:
        return [wire.user_json(self.workspace, user, at=self.now()) for user in self.workspace.users.values()]

    def user(self, name: str) -> Json:
        return wire.user_json(self.workspace, self._user(name), at=self.now())

    def usergroups(self) -> list[Json]:
        groups = self.workspace.usergroups.values()
        return [wire.usergroup_json(self.workspace, group, with_users=True, with_count=True) for group in groups]

    def calls(self, method: str | None = None) -> list[Json]:
        """Web API calls, in the order they came."""
        return [call for call in self.api.calls if method in (None, call["method"])]

    def clear_calls(self) -> None:
        self.api.calls.clear()

    def deliveries(self, type: str | None = None) -> list[Json]:  # noqa: A002  Slack's own name for it
        """Attempts to tell the app something. `type`: an event's type, a command, or the kind of an interaction."""
        return [each for each in self.delivery.records if type in (None, each["type"], each["kind"])]

    def clear_deliveries(self) -> None:
        self.delivery.records.clear()

    def info(self) -> Json:
        """Where everything is, and the secrets an app needs."""
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


def is_news(message: Message, reader: str) -> bool:
    """Whether a channel is unread because of it: not one's own words, not who joined, not what only a thread shows."""
    if message.user == reader or (message.subtype and not message.is_broadcast and message.subtype != "bot_message"):
        return False
    return not message.thread_ts or message.is_broadcast
