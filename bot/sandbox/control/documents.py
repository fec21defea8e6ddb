"""What people keep beside the conversation: bookmarks and canvases, looked at and worked on."""

from bot.sandbox.core import Core
from bot.sandbox.workspace import bookmarks, canvases
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace.records import Canvas, Channel, Json, SlackError, User


class Documents(Core):
    def bookmarks(self, channel: str) -> list[Json]:
        """In the order in which the bar shows them."""
        place = self._channel(channel)
        return [wire.bookmark_json(self.workspace, place, each) for each in place.bookmarks]

    def add_bookmark(self, user: str, channel: str, title: str, link: str, emoji: str = "") -> Json:
        who, place = self._member(user, channel)
        made = bookmarks.add(self.workspace, who.id, place, title, link, self.now(), kind="link", emoji=emoji)
        return wire.bookmark_json(self.workspace, place, made)

    def edit_bookmark(
        self, user: str, channel: str, bookmark_id: str, title: str | None = None, link: str | None = None
    ) -> Json:
        who, place = self._member(user, channel)
        edited = bookmarks.edit(self.workspace, who.id, place, bookmark_id, self.now(), title=title, link=link)
        return wire.bookmark_json(self.workspace, place, edited)

    def remove_bookmark(self, user: str, channel: str, bookmark_id: str) -> None:
        who, place = self._member(user, channel)
        bookmarks.remove(self.workspace, who.id, place, bookmark_id)

    def canvases(self, channel: str | None = None) -> list[Json]:
        """All of them, or a channel's tabs; each as a file with its `channel` and whether it `is_channel_canvas`."""
        wanted = self._channel(channel).id if channel else None
        found = [each for each in self.workspace.canvases.values() if wanted in (None, each.channel)]
        return [self._shown_canvas(each) for each in found]

    def canvas_content(self, canvas_id: str) -> str:
        """Its Markdown."""
        canvas = self.workspace.canvases.get(canvas_id)
        if canvas is None:
            raise SlackError("canvas_not_found")
        return canvases.content(canvas)

    def create_canvas(self, user: str, channel: str, title: str, markdown: str, own: bool = True) -> Json:
        """A tab of the channel; `own`: the one that the channel has of its own."""
        who, place = self._member(user, channel)
        if own:
            made = canvases.create_of_channel(self.workspace, who.id, place, title, markdown, self.now())
        else:
            made = canvases.create(self.workspace, who.id, title, markdown, self.now(), place)
        return self._shown_canvas(made)

    def edit_canvas(self, user: str, canvas_id: str, markdown: str) -> None:
        """A person writes: the whole then reads so."""
        who = self._user(user)
        canvas = canvases.find(self.workspace, canvas_id, who.id, "write")
        given = {"operation": "replace", "document_content": {"type": "markdown", "markdown": markdown}}
        canvases.edit(self.workspace, who.id, canvas, [given], self.now())

    def delete_canvas(self, user: str, canvas_id: str) -> None:
        """Whoever may write in a channel's canvas may take it away by hand."""
        who = self._user(user)
        canvas = canvases.find(self.workspace, canvas_id, who.id, "write")
        canvas.levels[who.id] = "owner"
        canvases.delete(self.workspace, who.id, canvas)

    def plan(
        self,
        canvases: bool | None = None,
        standalone_canvases: bool | None = None,
        channel_canvases: bool | None = None,
        usergroups: bool | None = None,
    ) -> Json:
        """What the workspace's plan includes; what is None stays as it is. Returns the plan."""
        plan = self.workspace.plan
        given = {
            "canvases": canvases,
            "standalone_canvases": standalone_canvases,
            "channel_canvases": channel_canvases,
            "usergroups": usergroups,
        }
        for name, value in given.items():
            if value is not None:
                setattr(plan, name, value)
        return dict(vars(plan))

    def _member(self, user: str, channel: str) -> tuple[User, Channel]:
        who = self._user(user)
        place = self._seen(who, channel)
        if who.id not in place.members:
            raise SlackError("not_in_channel", ["join the channel first"])
        return who, place

    def _shown_canvas(self, canvas: Canvas) -> Json:
        shown = wire.canvas_json(self.workspace, canvas)
        return shown | {
            "channel": canvas.channel,
            "is_channel_canvas": canvas.is_channel_canvas,
            "editors": list(canvas.editors),
        }
