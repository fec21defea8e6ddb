"""Effects that are messages: events posted once, views edited in place, pages to one person."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlmodel import Session

from bot.runtime.metrics import SENT_AGAIN
from bot.services import outbox as tell
from bot.services.escalation import silence_check as quiet
from bot.services.escalation import start as escalating
from bot.services.escalation import view as ledger
from bot.services.incidents import lifecycle as course
from bot.services.incidents import role_briefing as briefing
from bot.services.paging import pages as paging
from bot.services.postmortem import findings as reviewing
from bot.services.vendors import calls as calling
from bot.services.views import messages as views
from bot.services.views import missing_facts as asking
from bot.services.workspace import installation as workspace
from bot.services.workspace import missing_permissions as noticing
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.client import Away, Refused, TokenRefused
from bot.slack.blocks import missing_permissions as notices
from bot.slack.blocks.escalation import message as escalations
from bot.slack.blocks.escalation import page as pages
from bot.slack.blocks.escalation import silence_check as quiet_words
from bot.slack.blocks.escalation import vendors
from bot.slack.blocks.incidents import card as cards
from bot.slack.blocks.incidents import channel_lines as events
from bot.slack.blocks.incidents import role_briefing as briefings
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import findings as finding
from bot.slack.blocks.postmortem import missing_facts as questioning
from bot.slack.delivery.effects.channel.channels import incidents_channel
from bot.slack.delivery.effects.context import Tools, known
from bot.store import outbox
from bot.store.escalation.escalations import NOT_NEEDED, SENT
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.outbox import Claim, Done, Outcome
from bot.store.shared import people

GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
"""The message that a view edits is not there any more, or not ours to edit: it is posted anew."""
IN_THREAD = {"reminder", "level", "level empty"}
"""Lines about an escalation that stand below its message."""
Saving = Callable[[Session, str], None]


async def show(tools: Tools, claim: Claim, channel: str, ts: str | None, message: Message, saving: Saving) -> Outcome:
    """Edit the view's message in place, or post it. `saving` keeps the ts of a new one."""
    if ts is not None:
        try:
            await tools.gateway.call("chat.update", channel=channel, ts=ts, **message.content())
        except Refused as problem:
            if problem.error not in GONE:
                raise
        else:
            return Done()
    posted = await tools.post(claim, channel, message)

    def apply(session: Session) -> None:
        saving(session, posted)
        if claim.row.target is not None:
            outbox.will_edit(session, claim.row.target)

    return Done(apply)


async def card(tools: Tools, claim: Claim) -> Outcome:
    settings = tools.settings()
    incident, view = await tools.seen(
        claim.row.incident_id, lambda session, incident_id: views.card(session, settings, incident_id)
    )
    at = tools.now()

    def saving(session: Session, ts: str) -> None:
        course.card_posted(session, incident.key, ts, at)

    return await show(tools, claim, incident.channel_id or "", incident.card_ts, cards.card(view), saving)


async def announcement(tools: Tools, claim: Claim) -> Outcome:
    settings = tools.settings()

    def look(session: Session, incident_id: int) -> tuple[views.CardView, incidents.Installation | None]:
        return views.card(session, settings, incident_id), incidents.installation(session)

    incident, (view, installation) = await tools.seen(claim.row.incident_id, look)
    channel = await incidents_channel(tools, known(installation))

    def saving(session: Session, ts: str) -> None:
        course.message_posted(session, incident.key, "announcement_ts", ts)

    message = cards.announcement(view)
    async with _found_again(tools):
        return await show(tools, claim, channel, incident.announcement_ts, message, saving)


@asynccontextmanager
async def _found_again(tools: Tools) -> AsyncIterator[None]:
    """Around what goes into the incidents channel: if it is not where it was, it is looked for the next time."""
    try:
        yield
    except Refused as problem:
        if problem.error in {"channel_not_found", "is_archived", "not_in_channel"}:
            await tools.database.run(workspace.incidents_channel_lost)
        raise


async def notice(tools: Tools, claim: Claim) -> Outcome:
    """What the app or the workspace lacks, in the incidents channel. Nothing if it has come to hold no longer."""
    keys, team_id = claim.row.details["keys"], claim.row.team_id
    lacks = await tools.database.read(noticing.untold, team_id, keys)
    if not lacks:
        return Done()
    channel = await incidents_channel(tools, await tools.installation())
    async with _found_again(tools):
        await tools.post(claim, channel, notices.lacking(lacks))

    def apply(session: Session) -> None:
        noticing.told(session, team_id, keys, tools.now())

    return Done(apply)


async def followups(tools: Tools, claim: Claim) -> Outcome:
    incident, view = await tools.seen(claim.row.incident_id, views.followups)

    def saving(session: Session, ts: str) -> None:
        course.message_posted(session, incident.key, "followups_ts", ts)

    return await show(tools, claim, incident.channel_id or "", incident.followups_ts, events.followups(view), saving)


async def alerts(tools: Tools, claim: Claim) -> Outcome:
    incident, view = await tools.seen(claim.row.incident_id, views.alerts_view)

    def saving(session: Session, ts: str) -> None:
        course.message_posted(session, incident.key, "alerts_ts", ts)

    return await show(tools, claim, incident.channel_id or "", incident.alerts_ts, cards.alerts(view), saving)


async def questions(tools: Tools, claim: Claim) -> Outcome:
    """Asked once, edited as answers come; with nothing missing from the beginning, nothing is asked."""
    incident, view = await tools.seen(claim.row.incident_id, asking.missing)
    if incident.questions_ts is None and not view.missing:
        return Done()

    def saving(session: Session, ts: str) -> None:
        course.message_posted(session, incident.key, "questions_ts", ts)

    message = questioning.questions(view)
    return await show(tools, claim, incident.channel_id or "", incident.questions_ts, message, saving)


async def findings(tools: Tools, claim: Claim) -> Outcome:
    """Said once there is something to check, edited as the record changes; a record without fault is not praised."""
    settings = tools.settings()
    incident, view = await tools.seen(
        claim.row.incident_id, lambda session, incident_id: reviewing.view(session, settings, incident_id)
    )
    if incident.findings_ts is None and not view.found:
        return Done()

    def saving(session: Session, ts: str) -> None:
        course.message_posted(session, incident.key, "findings_ts", ts)

    message = finding.findings(view)
    return await show(tools, claim, incident.channel_id or "", incident.findings_ts, message, saving)


async def escalation(tools: Tools, claim: Claim) -> Outcome:
    escalation_id = int(claim.row.details["escalation_id"])
    view = await tools.database.read(ledger.view, tools.settings(), escalation_id)
    if view is None:
        return Done()
    if view.channel_id is None:
        raise ValueError(f"{view.reference} has no channel")

    def saving(session: Session, ts: str) -> None:
        escalating.message_posted(session, escalation_id, ts)

    message = await of_vendor(tools, view) or escalations.ledger(view)
    return await show(tools, claim, view.channel_id, view.message_ts, message, saving)


async def of_vendor(tools: Tools, view: ledger.EscalationView) -> Message | None:
    """A vendor's call has a message of its own; None for any other."""
    if not view.is_external:
        return None
    vendor = await tools.database.read(calling.view, tools.settings(), view.escalation_id, tools.now())
    return vendors.ledger(view, vendor) if vendor else None


async def left_behind(tools: Tools, view: ledger.EscalationView) -> Message:
    """What an escalation's message becomes in the channel of an incident that was merged."""
    return escalations.moved(view, await of_vendor(tools, view))


async def say(tools: Tools, claim: Claim) -> Outcome:
    """One line in the channel, or to one person. The entry it tells of keeps where it stands."""
    details = claim.row.details
    settings = tools.settings()
    incident, view = await tools.seen(
        claim.row.incident_id, lambda session, incident_id: views.said(session, settings, incident_id, details)
    )
    message = events.said(view)
    if user := details.get("user_id"):
        channel = await direct_channel(tools, claim, str(user))
        await tools.post(claim, channel, message)
        return Done()
    if details.get("is_for_all"):
        if incident.is_private:  # since
            return Done()
        channel = await incidents_channel(tools, await tools.installation())
        async with _found_again(tools):
            await tools.post(claim, channel, message)
        return Done()
    thread = view.escalation.message_ts if view.escalation and view.event in IN_THREAD else None
    ts = await tools.post(claim, incident.channel_id or "", message, thread_ts=thread)
    entry_id = details.get("entry_id")

    def apply(session: Session) -> None:
        entry = session.get(store_timeline.TimelineEntry, entry_id) if entry_id else None
        if entry is not None:
            entry.posted_ts = ts
            session.add(entry)
            if entry.redacted_at is not None:  # while the line was on its way
                tell.unsay(session, incident, tools.now(), incident.channel_id or "", ts)

    return Done(apply)


async def unsay(tools: Tools, claim: Claim) -> Outcome:
    """One of the bot's own messages loses its words, as what it told of was redacted; a page shows how it stands."""
    details, message = claim.row.details, events.unsaid()
    if escalation_id := details.get("page_of"):
        view = await tools.database.read(ledger.view, tools.settings(), int(escalation_id))
        if view:
            stays = details.get("is_left_behind")
            reader = str(details.get("reader") or "")
            message = await left_behind(tools, view) if stays else pages.page(view, reader)
    try:
        await tools.gateway.call(
            "chat.update", channel=details["channel_id"], ts=details["message_ts"], **message.content()
        )
    except Refused as problem:
        if problem.error != "message_not_found":
            raise
    return Done()


async def page(tools: Tools, claim: Claim) -> Outcome:
    """To one person, with what they can answer. What came of it is kept, and a failure shown where people look."""
    details = claim.row.details
    escalation_id, page_id = int(details["escalation_id"]), int(details["page_id"])
    view = await tools.database.read(ledger.view, tools.settings(), escalation_id)
    incident_id = claim.row.incident_id or 0
    is_to_go = await tools.database.read(paging.is_to_go, page_id, tools.now())
    if view is None or not is_to_go:
        return Done(_page_outcome(tools, incident_id, escalation_id, page_id, NOT_NEEDED))
    message = pages.page(view, str(details["user_id"]))
    try:
        channel = await direct_channel(tools, claim, str(details["user_id"]))
        ts = await tools.post(claim, channel, message)
    except (Away, TokenRefused):  # it is tried again; the person's next means goes meanwhile
        await tools.database.run(_page_outcome(tools, incident_id, escalation_id, page_id, paging.NO_ANSWER))
        raise
    except Refused as problem:
        apply = _page_outcome(tools, incident_id, escalation_id, page_id, problem.error)
        return outbox.Refused(problem.error, apply=apply)
    place = (channel, ts)
    return Done(_page_outcome(tools, incident_id, escalation_id, page_id, SENT, place, way_in=view.channel_id))


def _page_outcome(
    tools: Tools,
    incident_id: int,
    escalation_id: int,
    page_id: int,
    outcome: str,
    place: tuple[str, str] | None = None,
    *,
    way_in: str | None = None,
) -> Callable[[Session], None]:
    """`way_in`: the incident's channel as the page has it, which was perhaps made while it was on its way."""
    settings, at = tools.settings(), tools.now()

    def apply(session: Session) -> None:
        actor = Actor("", None, at, Origin.TIMER)
        paging.page_came_of(session, page_id, sent=outcome == SENT, outcome=outcome, actor=actor, place=place)
        incident = incidents.get(session, incident_id)
        if outcome != NOT_NEEDED:
            tell.show_escalation(session, incident, escalation_id, at)
        view = ledger.view(session, settings, escalation_id)
        has_changed = view is not None and (not view.is_waiting or view.channel_id != way_in)  # while it was on its way
        if place is not None and has_changed:
            tell.show_pages(session, incident, escalation_id, at)

    return apply


async def direct_channel(tools: Tools, claim: Claim, user: str) -> str:
    """Where the bot writes to one person."""
    person = await tools.database.read(people.get, claim.row.team_id, user)
    if person is not None and person.dm_channel_id:
        return person.dm_channel_id
    answer = await tools.gateway.call("conversations.open", users=user)
    channel = str(answer["channel"]["id"])
    await tools.database.run(workspace.direct_channel_opened, claim.row.team_id, user, channel)
    return channel


async def brief(tools: Tools, claim: Claim) -> Outcome:
    """To whoever got a role, as things stand when it is sent."""
    details, settings, now = claim.row.details, tools.settings(), tools.now()
    view = await tools.database.read(briefing.view, settings, int(details["role_id"]), now)
    channel = await direct_channel(tools, claim, str(details["user_id"]))
    await tools.post(claim, channel, briefings.briefing(view))
    return Done()


async def ask_for_sign(tools: Tools, claim: Claim) -> Outcome:
    """Whoever was heard of meanwhile is not asked."""
    details = claim.row.details
    view = await tools.database.read(quiet.view, tools.settings(), int(details["escalation_id"]))
    if view is not None:
        channel = await direct_channel(tools, claim, str(details["user_id"]))
        await tools.post(claim, channel, quiet_words.asked(view))
    return Done()


async def whisper(tools: Tools, claim: Claim) -> Outcome:
    """Only one person sees it, so nobody can look whether it is there: after a lost answer it is said again."""
    channel = await tools.channel_of(claim.row.incident_id)
    if claim.is_unknown:
        SENT_AGAIN.labels(claim.row.what).inc()
    details = claim.row.details
    text = events.whispered(str(details["event"]), details.get("values", {}))
    try:
        await tools.gateway.call("chat.postEphemeral", channel=channel, user=details["user_id"], text=text)
    except Refused as problem:
        if problem.error != "user_not_in_channel":  # they have left meanwhile: a hint is not worth a word on the card
            raise
    return Done()
