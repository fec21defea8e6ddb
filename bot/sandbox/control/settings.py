"""Settings of the sandbox: delivery, faults, limits, scopes, and members."""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.app_link.http import HttpLink
from bot.sandbox.app_link.sockets import APPROXIMATE_SECONDS, MAX_SOCKETS
from bot.sandbox.core import Core
from bot.sandbox.web_api.call import Grant
from bot.sandbox.workspace import channels, persistence
from bot.sandbox.workspace.records import Channel, Json, SlackError, Usergroup
from bot.sandbox.workspace.serialize import channel_json, usergroup_json
from bot.sandbox.workspace.workspace import to_seconds


class SandboxSettings(Core):
    # --- delivery

    def deliver_by_http(self, url: str) -> None:
        """Deliver by signed requests to `url` instead of sockets."""
        if self.http is None:
            self.http = HttpLink(url, self.signing_secret)
        self.http.url = url
        self.delivery.link = self.http
        self.delivery.pump()

    def deliver_by_socket(self) -> None:
        self.delivery.link = self.hub
        self.delivery.pump()

    async def verify_url(self) -> bool:
        """Return whether the request URL answers Slack's challenge; False without one."""
        return await self.http.verify(self.delivery.answer_seconds) if self.http else False

    def sockets(self) -> int:
        return len(self.hub.sockets)

    def connections(self) -> list[Json]:
        """Return each open connection with its counts."""
        return [each.as_json() for each in self.hub.sockets]

    async def disconnect(self, reason: str = "refresh_requested", connection: int | None = None) -> None:
        """
        Send `disconnect` on one connection, by number, or on all.

        `warning` leaves them open; `refresh_requested` and `link_disabled` close them.
        """
        if reason not in ("warning", "refresh_requested", "link_disabled"):
            raise SlackError("invalid_arguments", [f"{reason!r} is not a reason to disconnect"])
        for socket in self.hub.select(connection):
            await self.hub.disconnect(socket, reason)

    async def drop_sockets(self, connection: int | None = None) -> None:
        """Cut one connection, or all, without a message."""
        for socket in self.hub.select(connection):
            self.hub.cut(socket)

    def silence(self, connection: int | None = None) -> None:
        """Silence one connection, or all: they stay open, and nothing is received or answered."""
        for socket in self.hub.select(connection):
            socket.is_silent = True

    async def socket_mode(self, on: bool = True) -> None:
        """Switch Socket Mode; off: every connection ends with `link_disabled`."""
        self.hub.is_disabled = not on
        if not on:
            await self.disconnect("link_disabled")

    def socket_limit(self, most: int = MAX_SOCKETS) -> None:
        """Set the limit of connections; one more is refused with `too_many_websockets`."""
        self.hub.max_sockets = most

    def connection_lives(self, seconds: float | None, warned: float = 10.0, says: float | None = None) -> None:
        """
        Refresh each new connection after `seconds`, `warned` seconds after a warning.

        `says`: the time that its `hello` announces, if different.
        """
        self.hub.lifetime = None if seconds is None else (seconds, warned)
        self.hub.announced_seconds = says or seconds or APPROXIMATE_SECONDS

    def subscribe(self, events: Sequence[str] | None) -> None:
        """Set the events that the app gets, by their names in a manifest, or `message`; None: all."""
        self.delivery.subscribed = None if events is None else set(events)

    def retry_now(self) -> None:
        self.delivery.retry_now()

    # --- faults

    def fault(
        self, kind: str, method: str = "*", channel: str | None = None, times: int | None = None, **params: Any
    ) -> int:
        """Add a fault of Web API calls; `channel` by id or name. Return its id."""
        return self.faults.add(kind, method, channel and channel.removeprefix("#"), times, params)

    def delivery_fault(self, kind: str, event: str = "*", times: int | None = None, **params: Any) -> int:
        """Add a fault of deliveries. `event`: an event's type, or a kind of delivery."""
        return self.faults.add(kind, event, None, times, params)

    def clear_fault(self, id: int) -> None:  # noqa: A002  as `fault` calls it
        self.faults.clear(id)

    def clear_faults(self) -> None:
        self.faults.clear()

    def list_faults(self) -> list[Json]:
        return [each.as_json() for each in (*self.faults.on_calls, *self.faults.on_deliveries)]

    def rate_limits(self, tiers: bool = True, per_channel: bool = True) -> None:
        """Enforce Slack's limits per method and minute, and of one post per channel and second."""
        self.api.limits.by_tier, self.api.limits.per_channel = tiers, per_channel
        self.api.limits.calls.clear()

    def set_scopes(self, scopes: Sequence[str] | None) -> None:
        """Set the bot token's scopes; None: all."""
        self.api.grants[self.bot_token].scopes = None if scopes is None else tuple(scopes)

    def organisation(self, organisation: str | None, approved: Sequence[str] | None = None) -> None:
        """
        Install the app in an Enterprise organisation, approved for some of its workspaces.

        `approved` None: for this one. `organisation` None: it is installed in the workspace again.
        """
        self.workspace.organisation = organisation
        self.workspace.approved = [self.workspace.team.id] if approved is None else list(approved)

    def add_token(self, token: str, user: str) -> None:
        """Add a user token, with which calls are this person's."""
        self.api.grants[token] = Grant("user", self._user(user).id)

    def revoke_token(self, token: str) -> None:
        self.api.grants.pop(token, None)

    async def set_down(self, down: bool = True) -> None:
        """Take all of Slack down, or up: calls and connections are cut, events wait."""
        self.faults.is_down = self.hub.is_refusing = down
        if down:
            await self.drop_sockets()
        self.delivery.pump()

    def upload_seconds(self, seconds: float) -> None:
        """Set the delay of the message after `files.completeUploadExternal`."""
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
            to_seconds(self.now()),
        )
        self.workspace.usergroups[group.id] = group
        self.workspace.mark_changed("users", group.id)
        return usergroup_json(self.workspace, group, with_users=True, with_count=True)

    def add_channel(
        self,
        name: str,
        is_private: bool = False,
        members: Sequence[str] = (),
        creator: str | None = None,
        id: str | None = None,  # noqa: A002  Slack's own name
    ) -> Json:
        """Add a channel without events."""
        channels.check_name(self.workspace, name)
        people = [self._user(member).id for member in members]
        owner = self._user(creator).id if creator else (people[0] if people else self.bot_user_id)
        at = to_seconds(self.now())
        channel = Channel(
            id or self.workspace.new_id("C"), name, owner, at, is_private=is_private, members=people, updated=at * 1000
        )
        channels.add(self.workspace, channel)
        return channel_json(self.workspace, channel, self.bot_user_id)

    def reset(self) -> None:
        """Replace the workspace by a new one."""
        self._adopt(persistence.create_workspace(self.now(), with_people=self.seed))
        self.workspace.mark_changed("channels", "")
