"""What people do in the workspace: write, react, use commands, press buttons, fill in forms."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.sandbox.core import Core
from bot.sandbox.workspace import channels, files, messages
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace import typed_text as typed
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError, User


class People(Core):
    # --- writing

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        at: datetime | str | None = None,
        broadcast: bool = False,
        files: Sequence[Json] | None = None,
        raw: bool = False,
    ) -> str:
        """
        Write a message; returns its ts. Who is not in a public channel joins it first.

        `at`: when it was written, also in the past; None: now. `raw`: the text is Slack's own form already.
        `files`: each with `name`, `content` (text or bytes) and perhaps `title`.
        """
        who = self._user(user)
        place = self._entered(who, channel)
        ts = self.workspace.ts_at(place, at) if at else self.workspace.new_ts(self.now())
        wording = text if raw else typed.as_message(self.workspace, text)
        message = Message(
            ts,
            who.id,
            wording,
            thread_ts=thread_ts,
            is_broadcast=broadcast,
            blocks=typed.rich_text(wording),
            client_msg_id=str(uuid.uuid4()),
        )
        if files:
            self._share(place, who, message, files)
        else:
            messages.post(self.workspace, place, message)
        return ts

    def _share(self, place: Channel, who: User, message: Message, given: Sequence[Json]) -> None:
        made = []
        for each in given:
            content = each["content"]
            data = content.encode() if isinstance(content, str) else bytes(content)
            file = files.reserve(self.workspace, who.id, each["name"], len(data), "", self.now())
            files.receive(self.workspace, file.id, data)
            made += files.complete(self.workspace, who.id, [{"id": file.id, "title": each.get("title")}])
        files.share(self.workspace, place, made, message)

    def upload(
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes | str,
        title: str | None = None,
        comment: str = "",
        thread_ts: str | None = None,
    ) -> Json:
        """Share a file; returns it."""
        ts = self.say(
            user, channel, comment, thread_ts, files=[{"name": name, "content": content, "title": title or name}]
        )
        shown = self._message(self._channel(channel), ts)
        return wire.file_json(self.workspace, self.workspace.files[shown.files[0]])

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        who, place, message = self._own(user, channel, ts)
        wording = typed.as_message(self.workspace, text)
        messages.change(
            self.workspace, place, message, who.id, self.now(), text=wording, blocks=typed.rich_text(wording)
        )

    def delete(self, user: str, channel: str, ts: str) -> None:
        _, place, message = self._own(user, channel, ts)
        messages.delete(self.workspace, place, message, self.now())

    def _own(self, user: str, channel: str, ts: str) -> tuple[User, Channel, Message]:
        """Admins may change anybody's words."""
        who = self._user(user)
        place = self._seen(who, channel)
        message = self._message(place, ts)
        if message.user != who.id and not who.is_admin:
            raise SlackError("cant_update_message")
        return who, place, message

    def _entered(self, who: User, channel: str) -> Channel:
        place = self._seen(who, channel)
        if who.deleted:
            raise SlackError("account_inactive")
        if who.id not in place.members:
            channels.join(self.workspace, who.id, place, self.now())
        return place

    # --- marks

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        who = self._user(user)
        place = self._seen(who, channel)
        messages.react(self.workspace, place, self._message(place, ts), who.id, name.strip(":"), self.now())

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        who = self._user(user)
        place = self._seen(who, channel)
        messages.unreact(self.workspace, place, self._message(place, ts), who.id, name.strip(":"), self.now())

    def pin(self, user: str, channel: str, ts: str) -> None:
        who = self._user(user)
        place = self._seen(who, channel)
        messages.pin(self.workspace, place, self._message(place, ts), who.id, self.now())

    def unpin(self, user: str, channel: str, ts: str) -> None:
        who = self._user(user)
        place = self._seen(who, channel)
        messages.unpin(self.workspace, place, self._message(place, ts), who.id, self.now())

    # --- channels

    def create_channel(self, user: str, name: str, is_private: bool = False) -> Json:
        who = self._user(user)
        made = channels.create(self.workspace, who.id, name, self.now(), is_private=is_private)
        return wire.channel_json(self.workspace, made, who.id)

    def join(self, user: str, channel: str) -> None:
        who = self._user(user)
        channels.join(self.workspace, who.id, self._seen(who, channel), self.now())

    def leave(self, user: str, channel: str) -> None:
        who = self._user(user)
        place = self._seen(who, channel)
        channels.must_be_in(place, who.id)
        channels.let_go(self.workspace, place, who, self.now())

    def invite(self, user: str, channel: str, users: Sequence[str]) -> None:
        who = self._user(user)
        wanted = [self._user(each).id for each in users]
        channels.invite(self.workspace, who.id, self._seen(who, channel), wanted, self.now())

    def kick(self, user: str, channel: str, who: str) -> None:
        actor = self._user(user)
        channels.kick(self.workspace, actor.id, self._seen(actor, channel), self._user(who).id, self.now())

    def archive(self, user: str, channel: str) -> None:
        who = self._user(user)
        channels.archive(self.workspace, who.id, self._entered(who, channel), self.now())

    def unarchive(self, user: str, channel: str) -> None:
        who = self._user(user)
        channels.unarchive(self.workspace, who.id, self._seen(who, channel), self.now())

    def rename(self, user: str, channel: str, name: str) -> None:
        who = self._user(user)
        channels.rename(self.workspace, who.id, self._entered(who, channel), name, self.now())

    def set_topic(self, user: str, channel: str, topic: str) -> None:
        who = self._user(user)
        channels.set_note(self.workspace, who.id, self._entered(who, channel), "topic", topic, self.now())

    def set_purpose(self, user: str, channel: str, purpose: str) -> None:
        who = self._user(user)
        channels.set_note(self.workspace, who.id, self._entered(who, channel), "purpose", purpose, self.now())

    def open_dm(self, user: str, with_user: str | None = None) -> str:
        """The id of the conversation of two people; with the bot, if nobody is named."""
        who = self._user(user)
        other = self._user(with_user) if with_user else self.workspace.bot
        channel, _ = channels.open_direct(self.workspace, who.id, [other.id], self.now())
        return channel.id

    # --- the people themselves

    def add_user(self, handle: str, real_name: str | None = None, id: str | None = None, **more: Any) -> Json:  # noqa: A002  Slack's own name; any field of a user
        """Further fields as in `records.User`: `tz`, `email`, `is_restricted`, `is_bot`, `team_id`, …"""
        if self.workspace.user_by_handle(handle):
            raise SlackError("name_taken", [f"there is already somebody called {handle!r}"])
        user = User(
            id or self.workspace.new_id("U"), handle, real_name or handle.replace("-", " ").capitalize(), **more
        )
        user.updated = int(self.now().timestamp())
        self.workspace.users[user.id] = user
        self.workspace.change("users", user.id)
        return wire.user_json(self.workspace, user, at=self.now())

    def change_user(self, user: str, **changes: Any) -> Json:
        """Change fields of a person, such as `deleted=True`, and tell the app."""
        who = self._user(user)
        unknown = changes.keys() - vars(who).keys()
        if unknown:
            raise SlackError("invalid_arguments", [f"a user has no {', '.join(sorted(unknown))}"])
        for key, value in changes.items():
            setattr(who, key, value)
        who.updated = int(self.now().timestamp())
        shown = wire.user_json(self.workspace, who, at=self.now())
        body = {
            "type": "user_change",
            "user": shown,
            "cache_ts": who.updated,
            "event_ts": self.workspace.new_ts(self.now()),
        }
        self.workspace.emit(body)
        self.workspace.change("users", who.id)
        return shown
