"""`/incident redact`."""

from bot.command.table import Command, Positional, Value
from bot.domain.errors import UserError
from bot.services.entries.redact import redact_reference
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    if not typed.text.strip():
        raise UserError("Give a reason, which replaces the text: `/incident redact LINK contains a password`.")
    what = typed.positionals["what"]
    done = redact_reference(session, caller.about, what, caller.actor, typed.text)
    return Reply("\n".join([f"Redacted: {done.what}.", *(f"• {each}" for each in done.still)]))


COMMAND = Command(
    name="redact",
    usage="redact LINK_OR_ENTRY WHY",
    summary="Delete the text of a message or an entry everywhere, permanently.",
    positionals=(Positional("what", Value.WORD, about="the link of a message, or an entry (`entry-12`)"),),
    text="required",
    run=run,
)
