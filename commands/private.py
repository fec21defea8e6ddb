"""`/incident private`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    about = caller.about
    if about.is_private:
        return Reply(f"{about.reference} is private: only members of its channel see it.")
    if about.channel_id is None:
        return Reply(f"{about.reference} has no channel, so it cannot be made private.")
    return Reply(
        f"{about.reference} is not private yet. Slack lets only people make a channel private. In "
        f"<#{about.channel_id}> click the channel's name at the top, then Settings, then *Change to a private "
        "channel* (some workspaces allow this to admins only). I then remove the title from the announcement and "
        f"show {about.reference} nowhere else. Messages that people have already read cannot be undone."
    )


COMMAND = Command(
    name="private",
    usage="private",
    summary="Show whether it is private, and how to change that. `start … private:yes` opens a private one.",
    run=run,
    reads_only=True,
)
