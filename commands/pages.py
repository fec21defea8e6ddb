"""`/incident pages`."""

from bot.command.table import Command, Option, Value
from bot.services.paging.contacts import load_contact_settings
from bot.services.paging.page_tests import start_page_test, started_message
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    if typed.options.get("test"):
        return Reply(started_message(start_page_test(session, caller.settings, caller.actor)))
    actor = caller.actor
    view = load_contact_settings(session, caller.settings, actor.team_id, actor.user_id or "", actor.at)
    return Reply("How you are paged", shows=ReplyView.PAGES, values={"view": view})


COMMAND = Command(
    name="pages",
    usage="pages [test]",
    summary="Show and change your contact methods and their delays. `test` sends a test by each.",
    options=(Option("test", Value.FLAG, about="send a marked test by each contact method"),),
    needs_incident=False,
    run=run,
)
