"""Bookmarks and canvases in the control API."""

from bot.sandbox.core import Core
from bot.sandbox.workspace import bookmarks, canvases, serialize
from bot.sandbox.workspace.records import Canvas, Channel, Json, SlackError, User
from bot.sandbox.workspace.serialize_files import canvas_json


class Documents(Core):
    def bookmarks(self, channel: str) -> list[Json]:
        """Return the bookmarks in the order of the bar."""
        conversation = self._channel(channel)
        return [serialize.bookmark_json(self.workspace, conversation, each) for each in conversation.bookmarks]

    def add_bookmark(self, user: str, channel: str, title: str, link: str, emoji: str = "") -> Json:
        person, conversation = self._require_member(user, channel)
        made = bookmarks.add(self.workspace, person.id, conversation, title, link, self.now(), kind="link", emoji=emoji)
        return serialize.bookmark_json(self.workspace, conversation, made)

    def edit_bookmark(
        self, user: str, channel: str, bookmark_id: str, title: str | None = None, link: str | None = None
    ) -> Json:
        person, conversation = self._require_member(user, channel)
        edited = bookmarks.edit(
            self.workspace, person.id, conversation, bookmark_id, self.now(), title=title, link=link
        )
        return serialize.bookmark_json(self.workspace, conversation, edited)

    def remove_bookmark(self, user: str, channel: str, bookmark_id: str) -> None:
        person, conversation = self._require_member(user, channel)
        bookmarks.remove(self.workspace, person.id, conversation, bookmark_id)

    def canvases(self, channel: str | None = None) -> list[Json]:
        """Return all canvases or a channel's, as files with `channel` and `is_channel_canvas`."""
        wanted = self._channel(channel).id if channel else None
        found = [each for each in self.workspace.canvases.values() if wanted in (None, each.channel)]
        return [self._canvas_json(each) for each in found]

    def canvas_content(self, canvas_id: str) -> str:
        """Return the Markdown."""
        canvas = self.workspace.canvases.get(canvas_id)
        if canvas is None:
            raise SlackError("canvas_not_found")
        return canvases.canvas_markdown(canvas)

    def create_canvas(self, user: str, channel: str, title: str, markdown: str, own: bool = True) -> Json:
        """Create a tab of the channel; `own`: the channel canvas."""
        person, conversation = self._require_member(user, channel)
        if own:
            made = canvases.create_channel_canvas(self.workspace, person.id, conversation, title, markdown, self.now())
        else:
            made = canvases.create(self.workspace, person.id, title, markdown, self.now(), conversation)
        return self._canvas_json(made)

    def edit_canvas(self, user: str, canvas_id: str, markdown: str) -> None:
        """Replace the content by hand."""
        person = self._user(user)
        canvas = canvases.find_canvas(self.workspace, canvas_id, person.id, "write")
        given = {"operation": "replace", "document_content": {"type": "markdown", "markdown": markdown}}
        canvases.edit(self.workspace, person.id, canvas, [given], self.now())

    def delete_canvas(self, user: str, canvas_id: str) -> None:
        """Delete a canvas by hand, which every writer may do."""
        person = self._user(user)
        canvas = canvases.find_canvas(self.workspace, canvas_id, person.id, "write")
        canvas.levels[person.id] = "owner"
        canvases.delete(self.workspace, person.id, canvas)

    def plan(
        self,
        canvases: bool | None = None,
        standalone_canvases: bool | None = None,
        channel_canvases: bool | None = None,
        usergroups: bool | None = None,
    ) -> Json:
        """Change what the plan includes (None: no change), and return it."""
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

    def _require_member(self, user: str, channel: str) -> tuple[User, Channel]:
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        if person.id not in conversation.members:
            raise SlackError("not_in_channel", ["join the channel first"])
        return person, conversation

    def _canvas_json(self, canvas: Canvas) -> Json:
        shown = canvas_json(self.workspace, canvas)
        return shown | {
            "channel": canvas.channel,
            "is_channel_canvas": canvas.is_channel_canvas,
            "editors": list(canvas.editors),
        }
