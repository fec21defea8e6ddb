"""Questions before a command goes on, and the answers of commands as text."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.times import format_time
from bot.services.escalation.duplicate_check import RepeatedRequest, page_again
from bot.services.incidents.merge import MergePreview, merge_incidents
from commands.base import Caller, Reply, ReplyView
from commands.escalate import describe_escalations


class ConfirmationNeeded(UserError):
    """The person has to confirm. `label`: of the button that does it."""

    def __init__(self, message: str, label: str) -> None:
        self.label = label
        super().__init__(message)


def answer_text(session: Session, caller: Caller, reply: Reply, *, is_confirmed: bool) -> str:
    """
    The answer to a command, as markup; what needs a confirmation is done if there is one.

    Raises ConfirmationNeeded without it.
    """
    match reply.shows:
        case ReplyView.PAGE_AGAIN:
            return _page_again(session, caller, reply.values["view"], is_confirmed=is_confirmed)
        case ReplyView.MERGE:
            return _merge(session, caller, reply.values["preview"], is_confirmed=is_confirmed)
        case ReplyView.ARCHIVED:
            return (
                f"{reply.text} is open, but its channel cannot be used: type `/incident reopen {reply.text} WHY` in "
                "Slack to choose where to continue."
            )
        case _:
            return reply.text or "Done."


def _page_again(session: Session, caller: Caller, request: RepeatedRequest, *, is_confirmed: bool) -> str:
    if is_confirmed:
        return describe_escalations(caller.settings, page_again(session, caller.settings, caller.actor, request.value))
    zone = ZoneInfo(caller.about.zone)
    running = " ".join(
        f"{each.mention} is already paged since {format_time(each.since, zone, with_date=False)}."
        for each in request.running
    )
    raise ConfirmationNeeded(f"{running} Nobody was paged again. Page again?", "Page again")


def _merge(session: Session, caller: Caller, preview: MergePreview, *, is_confirmed: bool) -> str:
    source, target = preview.source, preview.target
    if is_confirmed:
        merge_incidents(session, caller.settings, source.key, target.key, caller.actor)
        return f"{source.reference} is merged. Continue in {target.reference}."
    raise ConfirmationNeeded(
        f"Merge {source.reference} into {target.reference}, {target.title}? {target.reference} continues, and "
        f"{source.reference} ends here. It cannot be undone.",
        f"Merge into {target.reference}",
    )
