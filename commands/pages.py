"""`/incident pages`."""

from bot.command.table import Command, Option, Value
from bot.services.paging import contacts
from bot.services.paging import test_pages as page_tests
from commands.base import Asked, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    if typed.options.get("test"):
        return Reply(page_tests.said(page_tests.start(session, caller.settings, caller.actor)))
    actor = caller.actor
    view = contacts.view(session, caller.settings, actor.team_id, actor.user_id or "", actor.at)
    return Reply("How you are paged", shows=Asked.PAGES, values={"view": view})


COMMAND = Command(
    name="pages",
    usage="pages [test]",
    summary="Show how you are paged and change it: by what, and after how many minutes. `test` sends a test by each.",
    options=(Option("test", Value.FLAG, about="send a marked test by each means"),),
    inside=False,
    run=run,
)
