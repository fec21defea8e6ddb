"""`/incident private`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    about = caller.about
    if about.is_private:
        return Reply(f"{about.reference} is private: only who is in its channel sees anything of it.")
    if about.channel_id is None:
        return Reply(f"{about.reference} has no channel, and only a channel can be private. Nothing was changed.")
    return Reply(
        f"Nothing was changed yet: Slack lets only people make a channel private, not an app. In <#{about.channel_id}> "
        "click the channel's name at the top, then Settings, then *Change to a private channel* (a workspace may keep "
        f"that for its admins). I notice it, take the title out of the announcement, and show {about.reference} "
        "nowhere else from then on. What was announced or read before stays read."
    )


COMMAND = Command(
    name="private",
    usage="private",
    summary="Show whether it is private, and how to change that. `start … private:yes` opens a private one.",
    run=run,
    reads_only=True,
)
