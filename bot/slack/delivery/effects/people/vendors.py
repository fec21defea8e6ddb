"""The question for a vendor's case reference, as a message that is edited in place."""

from sqlmodel import Session

from bot.services.vendors import calls as vendors
from bot.slack.blocks.escalation import vendors as blocks
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import show
from bot.store.incidents import incidents
from bot.store.outbox import Claim, Done, Outcome


async def case_question(tools: Tools, claim: Claim) -> Outcome:
    """Not posted if it was answered before it went out; in a channel that does not exist there is nobody to ask."""
    escalation_id = int(claim.row.details["escalation_id"])
    view = await tools.database.read(vendors.view, tools.settings(), escalation_id, tools.now())
    if view is None or (view.case_ts is None and not view.is_asked_for):
        return Done()
    incident = await tools.database.read(incidents.get, view.incident_id)
    if incident.channel_id is None:
        return Done()

    def saving(session: Session, ts: str) -> None:
        vendors.case_posted(session, escalation_id, ts)

    return await show(tools, claim, incident.channel_id, view.case_ts, blocks.case_question(view), saving)
