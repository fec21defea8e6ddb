"""What can be set: how the app is told things, what goes wrong, limits, scopes, and who is in the workspace."""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.app_link.http import HttpLink
from bot.sandbox.app_link.sockets import APPROXIMATE_SECONDS, MAX_SOCKETS
from bot.sandbox.core import Core
from bot.sandbox.web_api.call import Grant
from bot.sandbox.workspace import channels, persistence
from bot.sandbox.workspace.records import Channel, Json, SlackError, Usergroup
from bot.sandbox.workspace.serialize import channel_json, usergroup_json
from bot.sandbox.workspace.workspace import seconds


class Knobs(Core):
    # --- delivery

    def deliver_by_http(self, url: str) -> None:
        """From now on the app is told by signed requests to `url`; nothing goes to its sockets any more."""
        if self.http is None:
            self.http = HttpLink(url, self.signing_secret)
        self.http.url = url
        self.delivery.link = self.http
        self.delivery.pump()

    def deliver_by_socket(self) -> None:
        self.delivery.link = self.hub
        self.delivery.pump()

    async def verify_url(self) -> bool:
        """Whether the request URL answers Slack's challenge. False too if there is no request URL."""
        return await self.http.verify(self.delivery.answer_seconds) if self.http else False

    def sockets(self) -> int:
        return len(self.hub.sockets)

    def connections(self) -> list[Json]:
        """Each open connection: `n`, `seconds` it is open, payloads `sent`, `answered`, `unanswered`, `is_silent`."""
        return [each.as_json() for each in self.hub.sockets]

    async def disconnect(self, reason: str = "refresh_requested", connection: int | None = None) -> None:
        """
        Say goodbye on one connection, by its number, or on all of them.

        `warning` leaves them open; `refresh_requested` and `link_disabled` close them.
        """
        if reason not in ("warning", "refresh_requested", "link_disabled"):
            raise SlackError("invalid_arguments", [f"{reason!r} is no reason to disconnect"])
        for socket in self.hub.chosen(connection):
            await self.hub.dismiss(socket, reason)

    async def drop_sockets(self, connection: int | None = None) -> None:
        """Cut one connection, or all, without a word."""
        for socket in self.hub.chosen(connection):
            self.hub.cut(socket)

    def silence(self, connection: int | None = None) -> None:
        """One connection, or all, stay open and are dead: nothing is heard, nothing comes, pings have no answer."""
        for socket in self.hub.chosen(connection):
            socket.is_silent = True

    async def socket_mode(self, on: bool = True) -> None:
        """Whether the app's settings have Socket Mode switched on. Off: every connection ends with `link_disabled`."""
        self.hub.is_disabled = not on
        if not on:
            await self.disconnect("link_disabled")

    def socket_limit(self, most: int = MAX_SOCKETS) -> None:
        """How many connections an app may have; one more is refused with `too_many_websockets`."""
        self.hub.most = most

    def connection_lives(self, seconds: float | None, warned: float = 10.0, says: float | None = None) -> None:
        """
        Refresh each connection made from now on after that many seconds, `warned` seconds after a warning.

        `says`: how long it will live by its `hello`, if that is something else.
        """
        self.hub.lives = None if seconds is None else (seconds, warned)
        self.hub.says = says or seconds or APPROXIMATE_SECONDS

    def subscribe(self, events: Sequence[str] | None) -> None:
        """The event types the app gets; None: all."""
        self.delivery.subscribed = None if events is None else set(events)

    def retry_now(self) -> None:
        self.delivery.retry_now()

    # --- faults

    def fault(
        self, kind: str, method: str = "*", channel: str | None = None, times: int | None = None, **params: Any
    ) -> int:
        """Make Web API calls go wrong; `channel` by id or name. Returns the id to clear it by."""
        return self.faults.add(kind, method, channel and channel.removeprefix("#"), times, params)

    def delivery_fault(self, kind: str, event: str = "*", times: int | None = None, **params: Any) -> int:
        """Make deliveries go wrong. `event`: an event's type, a kind of delivery or of interaction."""
        return self.faults.add(kind, event, None, times, params)

    def clear_fault(self, id: int) -> None:  # noqa: A002  as `fault` calls it
        self.faults.clear(id)

    def clear_faults(self) -> None:
        self.faults.clear()

    def list_faults(self) -> list[Json]:
        return [each.as_json() for each in (*self.faults.on_calls, *self.faults.on_deliveries)]

    def rate_limits(self, tiers: bool = True, per_channel: bool = True) -> None:
        """Slack's limits per method and minute, and one post per channel and second."""
        self.api.limits.by_tier, self.api.limits.per_channel = tiers, per_channel
        self.api.limits.calls.clear()

    def set_scopes(self, scopes: Sequence[str] | None) -> None:
        """The bot token's scopes; None: all."""
        self.api.grants[self.bot_token].scopes = None if scopes is None else tuple(scopes)

    def organisation(self, organisation: str | None, approved: Sequence[str] | None = None) -> None:
        """
        The app is installed by this Enterprise organisation, and approved for these of its workspaces (None: for the
        one there is). None: it is installed in the workspace again.
        """
        self.workspace.organisation = organisation
        self.workspace.approved = [self.workspace.team.id] if approved is None else list(approved)

    def add_token(self, token: str, user: str) -> None:
        """A user token: calls made with it are this person's."""
        self.api.grants[token] = Grant("user", self._user(user).id)

    def revoke_token(self, token: str) -> None:
        self.api.grants.pop(token, None)

    async def set_down(self, down: bool = True) -> None:
        """Slack as a whole is out, or back: calls and connections are cut; events wait."""
        self.faults.is_down = self.hub.is_refusing = down
        if down:
            await self.drop_sockets()
        self.delivery.pump()

    def upload_seconds(self, seconds: float) -> None:
        """How long after `files.completeUploadExternal` its message appears."""
        self.api.upload_seconds = seconds

    def edit_window(self, seconds: float | None) -> None:
        self.workspace.edit_window = seconds

    # --- people and places

    def add_usergroup(self, handle: str, users: Sequence[str], name: str | None = None, id: str | None = None) -> Json:  # noqa: A002  Slack's own name
        if self.workspace.usergroup_by_handle(handle):
            raise SlackError("name_already_exists")
        group = Usergroup(
            id or self.workspace.new_id("S"),
            handle,
            name or handle.replace("-", " ").capitalize(),
            [self._user(user).id for user in users],
            seconds(self.now()),
        )
        self.workspace.usergroups[group.id] = group
        self.workspace.change("users", group.id)
        return usergroup_json(self.workspace, group, with_users=True, with_count=True)

    def add_channel(
        self,
        name: str,
        is_private: bool = False,
        members: Sequence[str] = (),
        creator: str | None = None,
        id: str | None = None,  # noqa: A002  Slack's own name
    ) -> Json:
        """As if it had always been there: no event tells of it."""
        channels.check_name(self.workspace, name)
        people = [self._user(member).id for member in members]
        owner = self._user(creator).id if creator else (people[0] if people else self.bot_user_id)
        at = seconds(self.now())
        channel = Channel(
            id or self.workspace.new_id("C"), name, owner, at, is_private=is_private, members=people, updated=at * 1000
        )
        channels.add(self.workspace, channel)
        return channel_json(self.workspace, channel, self.bot_user_id)

    def reset(self) -> None:
        """Back to the first day."""
        self._adopt(persistence.fresh(self.now(), with_people=self.seed))
        self.workspace.change("channels", "")
