"""Actions of people in the workspace: messages, reactions, pins and channels."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.sandbox.core import Core
from bot.sandbox.workspace import channels, files, messages, serialize
from bot.sandbox.workspace.block_kit import typed_text
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError, User
from bot.sandbox.workspace.serialize_files import file_json


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
        Write a message, and return its ts. The author joins a public channel first.

        `at`: the time of the message, also in the past; None: now. `raw`: the text is in Slack's format already.
        `files`: each with `name`, `content` (text or bytes) and perhaps `title`.
        """
        person = self._user(user)
        conversation = self._join_channel(person, channel)
        ts = self.workspace.ts_at(conversation, at) if at else self.workspace.new_ts(self.now())
        wording = text if raw else typed_text.format_message(self.workspace, text)
        message = Message(
            ts,
            person.id,
            wording,
            thread_ts=thread_ts,
            is_broadcast=broadcast,
            blocks=typed_text.build_rich_text(wording),
            client_msg_id=str(uuid.uuid4()),
        )
        if files:
            self._share(conversation, person, message, files)
        else:
            messages.post(self.workspace, conversation, message)
        return ts

    def _share(self, conversation: Channel, person: User, message: Message, given: Sequence[Json]) -> None:
        made = []
        for each in given:
            content = each["content"]
            data = content.encode() if isinstance(content, str) else bytes(content)
            file = files.reserve(self.workspace, person.id, each["name"], len(data), "", self.now())
            files.receive(self.workspace, file.id, data)
            made += files.complete(self.workspace, person.id, [{"id": file.id, "title": each.get("title")}])
        files.share(self.workspace, conversation, made, message)

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
        """Share a file, and return it."""
        ts = self.say(
            user, channel, comment, thread_ts, files=[{"name": name, "content": content, "title": title or name}]
        )
        shown = self._message(self._channel(channel), ts)
        return file_json(self.workspace, self.workspace.files[shown.files[0]])

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        person, conversation, message = self._own(user, channel, ts)
        wording = typed_text.format_message(self.workspace, text)
        messages.edit_message(
            self.workspace,
            conversation,
            message,
            person.id,
            self.now(),
            text=wording,
            blocks=typed_text.build_rich_text(wording),
        )

    def delete(self, user: str, channel: str, ts: str) -> None:
        _, conversation, message = self._own(user, channel, ts)
        messages.delete_message(self.workspace, conversation, message, self.now())

    def _own(self, user: str, channel: str, ts: str) -> tuple[User, Channel, Message]:
        """Return a message that the person may change: their own, or any for an admin."""
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        message = self._message(conversation, ts)
        if message.user != person.id and not person.is_admin:
            raise SlackError("cant_update_message")
        return person, conversation, message

    def _join_channel(self, person: User, channel: str) -> Channel:
        conversation = self._visible_channel(person, channel)
        if person.deleted:
            raise SlackError("account_inactive")
        if person.id not in conversation.members:
            channels.join(self.workspace, person.id, conversation, self.now())
        return conversation

    # --- marks

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        messages.add_reaction(
            self.workspace, conversation, self._message(conversation, ts), person.id, name.strip(":"), self.now()
        )

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        messages.remove_reaction(
            self.workspace, conversation, self._message(conversation, ts), person.id, name.strip(":"), self.now()
        )

    def pin(self, user: str, channel: str, ts: str) -> None:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        messages.pin(self.workspace, conversation, self._message(conversation, ts), person.id, self.now())

    def unpin(self, user: str, channel: str, ts: str) -> None:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        messages.unpin(self.workspace, conversation, self._message(conversation, ts), person.id, self.now())

    # --- channels

    def create_channel(self, user: str, name: str, is_private: bool = False) -> Json:
        person = self._user(user)
        made = channels.create(self.workspace, person.id, name, self.now(), is_private=is_private)
        return serialize.channel_json(self.workspace, made, person.id)

    def join(self, user: str, channel: str) -> None:
        person = self._user(user)
        channels.join(self.workspace, person.id, self._visible_channel(person, channel), self.now())

    def leave(self, user: str, channel: str) -> None:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        channels.require_member(conversation, person.id)
        channels.remove_member(self.workspace, conversation, person, self.now())

    def invite(self, user: str, channel: str, users: Sequence[str]) -> None:
        person = self._user(user)
        wanted = [self._user(each).id for each in users]
        channels.invite(self.workspace, person.id, self._visible_channel(person, channel), wanted, self.now())

    def kick(self, user: str, channel: str, who: str) -> None:
        actor = self._user(user)
        channels.kick(self.workspace, actor.id, self._visible_channel(actor, channel), self._user(who).id, self.now())

    def archive(self, user: str, channel: str) -> None:
        person = self._user(user)
        channels.archive(self.workspace, person.id, self._join_channel(person, channel), self.now())

    def unarchive(self, user: str, channel: str) -> None:
        person = self._user(user)
        channels.unarchive(self.workspace, person.id, self._visible_channel(person, channel), self.now())

    def rename(self, user: str, channel: str, name: str) -> None:
        person = self._user(user)
        channels.rename(self.workspace, person.id, self._join_channel(person, channel), name, self.now())

    def set_topic(self, user: str, channel: str, topic: str) -> None:
        person = self._user(user)
        channels.set_topic_or_purpose(
            self.workspace, person.id, self._join_channel(person, channel), "topic", topic, self.now()
        )

    def set_purpose(self, user: str, channel: str, purpose: str) -> None:
        person = self._user(user)
        channels.set_topic_or_purpose(
            self.workspace, person.id, self._join_channel(person, channel), "purpose", purpose, self.now()
        )

    def open_dm(self, user: str, with_user: str | None = None) -> str:
        """Return the id of the conversation of two people; None: with the bot."""
        person = self._user(user)
        other = self._user(with_user) if with_user else self.workspace.bot
        channel, _ = channels.open_conversation(self.workspace, person.id, [other.id], self.now())
        return channel.id

    # --- the people themselves

    def add_user(self, handle: str, real_name: str | None = None, id: str | None = None, **more: Any) -> Json:  # noqa: A002  Slack's own name; any field of a user
        """Add a person. `more`: fields of `records.User`, such as `tz` or `is_restricted`."""
        if self.workspace.user_by_handle(handle):
            raise SlackError("name_taken", [f"the handle {handle!r} is taken"])
        user = User(
            id or self.workspace.new_id("U"), handle, real_name or handle.replace("-", " ").capitalize(), **more
        )
        user.updated = int(self.now().timestamp())
        self.workspace.users[user.id] = user
        self.workspace.mark_changed("users", user.id)
        return serialize.user_json(self.workspace, user, at=self.now())

    def change_user(self, user: str, **changes: Any) -> Json:
        """Change fields of a person, such as `deleted=True`, and send `user_change`."""
        person = self._user(user)
        unknown = changes.keys() - vars(person).keys()
        if unknown:
            raise SlackError("invalid_arguments", [f"a user has no {', '.join(sorted(unknown))}"])
        for key, value in changes.items():
            setattr(person, key, value)
        person.updated = int(self.now().timestamp())
        shown = serialize.user_json(self.workspace, person, at=self.now())
        body = {
            "type": "user_change",
            "user": shown,
            "cache_ts": person.updated,
            "event_ts": self.workspace.new_ts(self.now()),
        }
        self.workspace.emit(body)
        self.workspace.mark_changed("users", person.id)
        return shown
