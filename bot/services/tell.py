"""
What Slack has to be told, as outbox rows: the lanes and their urgency, in one place.

Nothing here is worded: an event row holds values, a view row names what to show. `bot.slack` finds the words when it
sends.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from bot.domain.means import rings_on
from bot.domain.terms import Severity
from bot.store import escalations, outbox, people, timers
from bot.store.escalations import Page
from bot.store.incidents import Incident
from bot.store.outbox import Wanted


class What(StrEnum):
    """The kinds of outbox row. The first group are events, the second views."""

    CREATE_CHANNEL = "create channel"
    INVITE = "invite"
    PIN_CARD = "pin card"
    SAY = "say"
    PAGE = "page"
    PAGE_BY_MEANS = "page by means"
    DRAFT = "draft"
    WHISPER = "whisper"
    BRIEF = "brief"
    ASK_FOR_SIGN = "ask for sign"
    FETCH_MESSAGE = "fetch message"
    LEARN_PERSON = "learn person"
    UNSAY = "unsay"
    DELETE_FILE = "delete file"
    NOTICE = "notice"
    DIRECT = "direct"
    DUTY_CHANGED = "duty changed"
    SHIFT_CHANGED = "shift changed"
    SHIFTS_DRAWN = "shifts drawn"
    PAGE_BUNDLE = "page bundle"
    PAGE_TEST = "page test"
    TEST_BY_MEANS = "test by means"

    CARD = "card"
    ANNOUNCEMENT = "announcement"
    TOPIC = "topic"
    FOLLOWUPS = "followups"
    ALERTS = "alerts"
    QUESTIONS = "questions"
    VENDOR_CASE = "vendor case"
    FINDINGS = "findings"
    ESCALATION = "escalation"
    NUDGE = "nudge"
    HOME = "home"
    CONFIRM = "confirm"
    STAND_DOWN = "stand down"
    LOOK = "look"
    BOOKMARKS = "bookmarks"
    CANVAS = "canvas"


PRIORITY = {
    What.PAGE: 5,
    What.PAGE_BY_MEANS: 5,
    What.STAND_DOWN: 6,
    What.PAGE_BUNDLE: 5,
    What.PAGE_TEST: 25,
    What.TEST_BY_MEANS: 25,
    What.CREATE_CHANNEL: 10,
    What.ESCALATION: 14,
    What.CARD: 20,
    What.INVITE: 21,
    What.SAY: 30,
    What.DRAFT: 30,
    What.TOPIC: 31,
    What.ANNOUNCEMENT: 32,
    What.PIN_CARD: 33,
    What.WHISPER: 34,
    What.BRIEF: 29,
    What.ASK_FOR_SIGN: 6,
    What.DIRECT: 29,
    What.FETCH_MESSAGE: 35,
    What.ALERTS: 28,
    What.FOLLOWUPS: 36,
    What.QUESTIONS: 37,
    What.VENDOR_CASE: 37,
    What.FINDINGS: 38,
    What.CONFIRM: 40,
    What.NUDGE: 44,
    What.HOME: 43,
    What.LEARN_PERSON: 45,
    What.UNSAY: 15,
    What.DELETE_FILE: 16,
    What.NOTICE: 39,
    What.DUTY_CHANGED: 27,
    What.SHIFT_CHANGED: 26,
    What.SHIFTS_DRAWN: 44,
    What.LOOK: 46,
    What.CANVAS: 41,
    What.BOOKMARKS: 42,
}
"""Lower goes first. Creating channels is refined by severity: SEV1 is 10, SEV4 is 13."""


URGENCIES = ("pages", "channels", "messages", "views", "reading")
URGENCY = {
    What.PAGE: "pages",
    What.PAGE_BY_MEANS: "pages",
    What.STAND_DOWN: "pages",
    What.PAGE_BUNDLE: "pages",
    What.PAGE_TEST: "messages",
    What.TEST_BY_MEANS: "messages",
    What.ESCALATION: "pages",
    What.CREATE_CHANNEL: "channels",
    What.INVITE: "channels",
    What.SAY: "messages",
    What.DRAFT: "messages",
    What.WHISPER: "messages",
    What.BRIEF: "messages",
    What.ASK_FOR_SIGN: "pages",
    What.DIRECT: "messages",
    What.UNSAY: "messages",
    What.DELETE_FILE: "messages",
    What.NOTICE: "messages",
    What.DUTY_CHANGED: "messages",
    What.SHIFT_CHANGED: "messages",
    What.NUDGE: "messages",
    What.FETCH_MESSAGE: "reading",
    What.LEARN_PERSON: "reading",
    What.LOOK: "reading",
}
"""How bad it is if a kind of row waits, for the metrics; all else are views."""


def urgency_of(what: str) -> str:
    """One of URGENCIES."""
    return URGENCY.get(What(what), "views") if what in set(What) else "views"


def lane_of(what: What, incident_id: int, *, sub: str = "") -> str:
    """Rows of one lane go one after the other; lanes go side by side."""
    match what:
        case What.CREATE_CHANNEL:
            return f"create:{incident_id}"
        case What.SAY | What.DRAFT:
            return f"post:{incident_id}"
        case What.INVITE:
            return f"meta:{incident_id}"
        case What.ANNOUNCEMENT:
            return "digest"
        case What.ESCALATION:
            return f"escalation:{sub}"
        case What.CONFIRM | What.FETCH_MESSAGE | What.WHISPER:
            return f"mark:{incident_id}"
        case _:
            return f"{what.split(' ', maxsplit=1)[0]}:{incident_id}"


def _urgency(what: What, incident: Incident) -> int:
    if what is What.CREATE_CHANNEL:
        return PRIORITY[what] + list(Severity).index(Severity(incident.severity))
    return PRIORITY[what]


def _row(
    incident: Incident,
    what: What,
    at: datetime,
    *,
    sub: str = "",
    target: str | None = None,
    waits_for_channel: bool = True,
    **details: Any,
) -> Wanted:
    return Wanted(
        lane=lane_of(what, incident.key, sub=sub),
        what=what,
        team_id=incident.team_id,
        at=at,
        priority=_urgency(what, incident),
        incident_id=incident.key,
        target=target,
        is_open=incident.channel_id is not None or not waits_for_channel,
        details=details,
    )


def _queue(session: Session, incident: Incident, *rows: Wanted) -> None:
    """
    What was recorded after the fact has no channel, and is announced nowhere: of it only its documents go out, to a
    person. What tells of a change may be what somebody waits for, so it is looked at whether anything is due.
    """
    if changes := [row.at for row in rows if row.what in CHANGES]:
        look_at_nudges(session, incident, changes[0])
    if (
        incident.archived_at is not None
    ):  # what cannot be posted would only be refused; the announcement stands elsewhere
        rows = tuple(row for row in rows if row.what == What.ANNOUNCEMENT)
    wanted = [row for row in rows if not incident.is_retro or row.what == What.DRAFT or incident.channel_id is not None]
    if wanted:
        outbox.put_all(session, *wanted)


def _put(session: Session, incident: Incident, what: What, at: datetime, **given: Any) -> None:
    _queue(session, incident, _row(incident, what, at, **given))


def set_up(session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]) -> None:
    """All that a new incident needs in Slack. Each is a row of its own: if one is refused, the rest goes on."""
    rows = [_row(incident, What.CREATE_CHANNEL, at, waits_for_channel=False)]
    if users or usergroups:
        rows.append(_row(incident, What.INVITE, at, users=users, usergroups=usergroups))
    rows += [_topic(incident, at), _card(incident, at)]
    if not incident.is_private:
        rows.append(_announcement(incident, at))
    _queue(session, incident, *rows)
    show_homes(session, incident.team_id, at)


def invite(session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]) -> None:
    """Invite people, and the people of user groups, into the incident's channel."""
    if users or usergroups:
        _put(session, incident, What.INVITE, at, users=users, usergroups=usergroups)


def invite_all_of(session: Session, incident: Incident, at: datetime, channel_id: str, users: list[str]) -> None:
    """Invite everybody who is in another channel when this is carried out, and these people in any case."""
    _put(session, incident, What.INVITE, at, users=users, usergroups=[], from_channel=channel_id)


def say(
    session: Session, incident: Incident, event: str, at: datetime, *, entry_id: int | None = None, **values: Any
) -> None:
    """
    Post one line into the channel: what happened, with the values it had then.

    The message becomes the place where a reader checks the entry `entry_id`.
    """
    _put(session, incident, What.SAY, at, event=event, entry_id=entry_id, values=values)


def say_to_all(session: Session, incident: Incident, event: str, at: datetime, **values: Any) -> None:
    """Post one line into the incidents channel. Of a private incident nothing is said there."""
    if not incident.is_private:
        outbox.put(
            session, lane="digest", what=What.SAY, team_id=incident.team_id, at=at, priority=PRIORITY[What.SAY],
            incident_id=incident.key, event=event, values=values, is_for_all=True,
        )  # fmt: skip


def show_card(session: Session, incident: Incident, at: datetime) -> None:
    """The card in the channel and the announcement in the incidents channel, as things stand when they are sent."""
    rows = [_card(incident, at)]
    if incident.questions_ts is not None:
        rows.append(_questions(incident, at))
    if incident.findings_ts is not None:
        rows.append(_findings(incident, at))
    if not incident.is_private:
        rows.append(_announcement(incident, at))
    _queue(session, incident, *rows)
    show_homes(session, incident.team_id, at)


CHANGES = frozenset({What.CARD, What.SAY, What.FOLLOWUPS, What.CONFIRM})
"""What is told when something about an incident changed."""
LOOK_AT_NUDGES = "look at nudges"
LOOKED_AT_AFTER = timedelta(seconds=3)
"""A burst of changes is looked at once."""
LOOKED_AT = "incidents whose nudges will be looked at"


def nudges_timer(incident_id: int) -> str:
    """The key of the timer that says when to look next at what is due in an incident."""
    return f"nudge:{incident_id}"


def look_at_nudges(session: Session, incident: Incident, at: datetime) -> None:
    """
    Look soon at what is due in the incident, and at what is so no longer. It is asked for once a transaction, before
    anything is queued: the timer first, then the lanes, as the engine does.
    """
    asked: set[int] = session.info.setdefault(LOOKED_AT, set())
    if incident.key in asked or incident.is_retro or incident.drill_of is not None:
        return
    asked.add(incident.key)
    key, due_at, incident_id = nudges_timer(incident.key), at + LOOKED_AT_AFTER, incident.key
    outbox.ahead_of_lanes(
        session, key, lambda: timers.hurry(session, key, due_at, LOOK_AT_NUDGES, incident_id=incident_id)
    )


def nothing_comes_due(session: Session, incident: Incident) -> None:
    """What this transaction tells of the incident is nothing that anybody is reminded of: it need not be looked at."""
    session.info.setdefault(LOOKED_AT, set()).add(incident.key)


def show_nudge(
    session: Session, incident: Incident, nudge_id: int, at: datetime, *, user_id: str | None, is_new: bool
) -> None:
    """The message of a reminder, in the channel or, with `user_id`, to one person; also that it is so no longer."""
    target = f"nudge:{nudge_id}"
    if user_id is None:
        _put(session, incident, What.NUDGE, at, target=target, nudge_id=nudge_id, posts=is_new)
        return
    row = _row(
        incident, What.NUDGE, at, target=target, waits_for_channel=False, nudge_id=nudge_id, user_id=user_id,
        posts=is_new,
    )  # fmt: skip
    outbox.put_all(session, replace(row, lane=f"dm:{user_id}"))


HOME_OPEN = timedelta(minutes=30)
"""How long somebody is taken to look at App Home after they opened it: Slack does not say when they leave."""
HOMES = 20
"""People whose Home follows a change at once. Whoever opens it gets it fresh in any case."""
LOOKING = "who looks at App Home"


def show_home(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """App Home of one person, as things stand when it is sent."""
    outbox.put_all(session, _home(team_id, user_id, at))


def _home(team_id: str, user_id: str, at: datetime) -> Wanted:
    return Wanted(
        lane=f"home:{user_id}", what=What.HOME, team_id=team_id, at=at, priority=PRIORITY[What.HOME],
        target=f"home:{team_id}:{user_id}", details={"user_id": user_id},
    )  # fmt: skip


def show_homes(session: Session, team_id: str, at: datetime) -> None:
    """What those who look at App Home see may have changed. Who looks is asked once a transaction."""
    looking: dict[str, list[str]] = session.info.setdefault(LOOKING, {})
    if team_id not in looking:
        looking[team_id] = people.with_home_open(session, team_id, at - HOME_OPEN, HOMES)
    if looking[team_id]:
        outbox.put_all(session, *(_home(team_id, user_id, at) for user_id in sorted(looking[team_id])))


def card_target(incident_id: int) -> str:
    """The card as a view: at most one row waits for it."""
    return f"card:{incident_id}"


def _card(incident: Incident, at: datetime) -> Wanted:
    return _row(incident, What.CARD, at, target=card_target(incident.key), posts=incident.card_ts is None)


def show_announcement(session: Session, incident: Incident, at: datetime) -> None:
    if not incident.is_private:
        _queue(session, incident, _announcement(incident, at))
    show_homes(session, incident.team_id, at)


def _announcement(incident: Incident, at: datetime) -> Wanted:
    return _row(
        incident, What.ANNOUNCEMENT, at, target=f"announcement:{incident.key}", waits_for_channel=False,
        posts=incident.announcement_ts is None,
    )  # fmt: skip


def show_topic(session: Session, incident: Incident, at: datetime) -> None:
    _queue(session, incident, _topic(incident, at))


def _topic(incident: Incident, at: datetime) -> Wanted:
    return _row(incident, What.TOPIC, at, target=f"topic:{incident.key}")


def show_followups(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that lists improvements and tasks."""
    _put(
        session, incident, What.FOLLOWUPS, at, target=f"followups:{incident.key}",
        posts=incident.followups_ts is None,
    )  # fmt: skip
    check_again(session, incident, at)
    show_homes(session, incident.team_id, at)


def show_questions(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that asks for what is missing from a resolved incident's record."""
    _queue(session, incident, _questions(incident, at))


def _questions(incident: Incident, at: datetime) -> Wanted:
    return _row(
        incident, What.QUESTIONS, at, target=f"questions:{incident.key}", posts=incident.questions_ts is None
    )  # fmt: skip


def show_findings(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that says what to check in the record of an incident that is over."""
    _queue(session, incident, _findings(incident, at))


def _findings(incident: Incident, at: datetime) -> Wanted:
    return _row(incident, What.FINDINGS, at, target=f"findings:{incident.key}", posts=incident.findings_ts is None)


def check_again(session: Session, incident: Incident, at: datetime) -> None:
    """The record changed: so may what to check in it, where somebody was told of that."""
    if incident.findings_ts is not None:
        show_findings(session, incident, at)


def show_alerts(session: Session, incident: Incident, at: datetime) -> None:
    """
    The one message that says how the incident's alerts stand, with the offer to resolve once all have ended.

    It is posted behind the lines that tell of the alerts; where it stands already it is edited without waiting.
    """
    row = _row(
        incident, What.ALERTS, at, target=f"alerts:{incident.key}", posts=incident.alerts_ts is None
    )  # fmt: skip
    if incident.alerts_ts is None:
        row = replace(row, lane=lane_of(What.SAY, incident.key), priority=PRIORITY[What.SAY])
    _queue(session, incident, row)


def show_escalation(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """The one message of an escalation."""
    _put(
        session, incident, What.ESCALATION, at,
        sub=str(escalation_id), target=f"escalation:{escalation_id}", escalation_id=escalation_id,
        posts=is_new,
    )  # fmt: skip
    show_homes(session, incident.team_id, at)


def show_vendor_case(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """The one message that asks for a vendor's case reference."""
    _put(
        session, incident, What.VENDOR_CASE, at, target=f"case:{escalation_id}", escalation_id=escalation_id,
        posts=is_new,
    )  # fmt: skip


def pin_card(session: Session, incident: Incident, at: datetime) -> None:
    _put(session, incident, What.PIN_CARD, at)


def post_draft(session: Session, incident: Incident, at: datetime, **values: Any) -> None:
    """
    The draft as a file; beside that of an incident that is over, what to check in its record.

    Of an incident without a channel it goes to whoever asked, or else to whoever recorded it.
    """
    reader = (values.get("asked_by") or incident.declared_by) if incident.is_retro else None
    if reader is not None:
        _queue(session, incident, _row(incident, What.DRAFT, at, waits_for_channel=False, user_id=reader, **values))
        return
    _put(session, incident, What.DRAFT, at, **values)
    check_again(session, incident, at)
    if incident.findings_ts is None and incident.is_resolved:
        show_findings(session, incident, at)


def confirm(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """Put the confirming emoji on a message that is on the timeline, or take it away, as things stand."""
    _put(
        session, incident, What.CONFIRM, at,
        target=f"confirm:{channel_id}:{message_ts}", channel_id=channel_id, message_ts=message_ts,
    )  # fmt: skip


def show_bookmarks(session: Session, incident: Incident, at: datetime) -> None:
    """The channel's bookmarks of what people look for, as it stands when they are set."""
    _put(session, incident, What.BOOKMARKS, at, target=f"bookmarks:{incident.key}")


def show_canvas(session: Session, incident: Incident, at: datetime, **values: Any) -> None:
    """The draft in a canvas of the channel. `values`: its `template` and `languages`, and whether words `went`."""
    _put(session, incident, What.CANVAS, at, target=f"canvas:{incident.key}", **values)


def whisper(session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any) -> None:
    """Tell one person something that only they see, in the incident's channel."""
    _put(session, incident, What.WHISPER, at, user_id=user_id, event=event, values=values)


def fetch_message(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """Ask Slack for a message that the transcript does not have."""
    _put(
        session, incident, What.FETCH_MESSAGE, at,
        target=f"fetch:{channel_id}:{message_ts}", channel_id=channel_id, message_ts=message_ts,
    )  # fmt: skip


def page(session: Session, incident: Incident, at: datetime, user_id: str, page_id: int, escalation_id: int) -> None:
    """Write to one person directly: they are needed."""
    outbox.put(
        session,
        lane=f"dm:{user_id}",
        what=What.PAGE,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[What.PAGE],
        incident_id=incident.key,
        user_id=user_id,
        page_id=page_id,
        escalation_id=escalation_id,
    )


def ask_for_sign(session: Session, incident: Incident, at: datetime, user_id: str, escalation_id: int) -> None:
    """Ask somebody directly who acknowledged whether they are still on it."""
    outbox.put(
        session, lane=f"dm:{user_id}", what=What.ASK_FOR_SIGN, team_id=incident.team_id, at=at,
        priority=PRIORITY[What.ASK_FOR_SIGN], incident_id=incident.key, user_id=user_id, escalation_id=escalation_id,
    )  # fmt: skip


def page_by_means(
    session: Session,
    incident: Incident,
    at: datetime,
    means: str,
    user_id: str,
    *,
    page_ids: Collection[int] = (),
    bundle_key: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """
    Page one person by something else than Slack, or a service, which is no person: then `user_id` is empty.

    `means` as `bot.domain.means` has it. With a `bundle_key` all pages that bear it when this is sent go out as one.
    """
    outbox.put(
        session, lane=means_lane(means, user_id), what=What.PAGE_BY_MEANS, team_id=incident.team_id, at=at,
        priority=PRIORITY[What.PAGE_BY_MEANS], incident_id=incident.key, not_before=not_before,
        target=f"bundle:{bundle_key}" if bundle_key else None,
        means=means, user_id=user_id, page_ids=sorted(page_ids), bundle_key=bundle_key,
    )  # fmt: skip


def means_lane(means: str, user_id: str) -> str:
    """One of its own for each person and means: whoever does not answer holds up nobody else."""
    return f"means:{means}:{user_id}"


def page_bundle(
    session: Session, team_id: str, at: datetime, user_id: str, bundle_key: str, not_before: datetime | None = None
) -> None:
    """Pages of one person that go out as one message: all that bear the key when it is sent, or shown anew."""
    outbox.put(
        session, lane=f"bundle:{user_id}", what=What.PAGE_BUNDLE, team_id=team_id, at=at,
        priority=PRIORITY[What.PAGE_BUNDLE], target=f"bundle:{bundle_key}", not_before=not_before,
        user_id=user_id, bundle_key=bundle_key,
    )  # fmt: skip


def show_page_test(session: Session, team_id: str, at: datetime, user_id: str, asked_at: datetime) -> None:
    """The one message with the results of a test of somebody's pages, which is the test of Slack itself."""
    told = asked_at.isoformat()
    outbox.put(
        session, lane=f"page test:{user_id}", what=What.PAGE_TEST, team_id=team_id, at=at,
        priority=PRIORITY[What.PAGE_TEST], target=f"page test:{user_id}:{told}", user_id=user_id, asked_at=told,
    )  # fmt: skip


def test_by_means(session: Session, team_id: str, at: datetime, means: str, user_id: str, test_id: int) -> None:
    """Send somebody a marked test by something else than Slack."""
    outbox.put(
        session, lane=f"test:{means}:{user_id}", what=What.TEST_BY_MEANS, team_id=team_id, at=at,
        priority=PRIORITY[What.TEST_BY_MEANS], means=means, user_id=user_id, test_id=test_id,
    )  # fmt: skip


def unsay(
    session: Session,
    incident: Incident,
    at: datetime,
    channel_id: str,
    message_ts: str,
    *,
    page_of: int | None = None,
    reader: str | None = None,
    is_left_behind: bool = False,
) -> None:
    """
    Take the words out of one of the bot's own messages: what it told of was redacted.

    The page of an escalation, `page_of`, is shown anew as things stand for its `reader`: its buttons may still be
    needed.
    `is_left_behind`: it is the message in the channel of an incident that was merged.
    """
    _put(
        session, incident, What.UNSAY, at, target=f"unsay:{channel_id}:{message_ts}", waits_for_channel=False,
        channel_id=channel_id, message_ts=message_ts, page_of=page_of, reader=reader,
        is_left_behind=is_left_behind,
    )  # fmt: skip


def show_pages(session: Session, incident: Incident, escalation_id: int, at: datetime) -> None:
    """What was written to people directly is shown anew, where the bot knows the message: are they still needed?"""
    for each in escalations.pages_of(session, escalation_id):
        _stand_down(session, incident, at, each)
        _show_page(session, incident, at, each)


def show_way_in(session: Session, incident: Incident, at: datetime) -> None:
    """The channel is there: whoever was paged before it was made has it in their page, too."""
    for escalation in escalations.of_incident(session, incident.key):
        for each in escalations.pages_of(session, escalation.key):
            _show_page(session, incident, at, each)


def _show_page(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    if page.bundle_key and page.message_ts:
        page_bundle(session, incident.team_id, at, page.user_id, page.bundle_key)
    elif page.channel_id and page.message_ts:
        unsay(
            session, incident, at, page.channel_id, page.message_ts, page_of=page.escalation_id,
            reader=page.user_id, is_left_behind=page.means == escalations.LEFT_BEHIND,
        )  # fmt: skip


def stand_down_all(session: Session, incident: Incident, at: datetime) -> None:
    """The incident is over: services that were answered close what they have open for it, too."""
    for escalation in escalations.of_incident(session, incident.key):
        for each in escalations.pages_of(session, escalation.key):
            _stand_down(session, incident, at, each)


def _stand_down(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    """A service that goes on ringing by itself is told how things stand."""
    if not (page.external_ref and rings_on(page.means)):
        return
    outbox.put(
        session, lane=means_lane(page.means, page.user_id), what=What.STAND_DOWN, team_id=incident.team_id, at=at,
        priority=PRIORITY[What.STAND_DOWN], incident_id=incident.key, target=f"stand down:{page.external_ref}",
        means=page.means, user_id=page.user_id, ref=page.external_ref,
    )  # fmt: skip


def delete_file(session: Session, incident: Incident, at: datetime, file_id: str) -> None:
    """Delete a draft from Slack that the bot once posted."""
    _put(session, incident, What.DELETE_FILE, at, target=f"delete:{file_id}", waits_for_channel=False, file_id=file_id)


def tell_person(session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any) -> None:
    """Write to one person directly about something that is no page."""
    outbox.put(
        session,
        lane=f"dm:{user_id}",
        what=What.SAY,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[What.SAY],
        incident_id=incident.key,
        user_id=user_id,
        event=event,
        values=values,
    )


def brief(session: Session, incident: Incident, at: datetime, user_id: str, role_id: int) -> None:
    """Tell somebody directly what the role is that they got, and where the incident stands when it is sent."""
    outbox.put(
        session,
        lane=f"dm:{user_id}",
        what=What.BRIEF,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[What.BRIEF],
        incident_id=incident.key,
        user_id=user_id,
        role_id=role_id,
    )


def direct(session: Session, team_id: str, user_id: str, at: datetime, event: str, **values: Any) -> None:
    """Write to one person directly about something that is of no incident."""
    outbox.put(
        session, lane=f"dm:{user_id}", what=What.DIRECT, team_id=team_id, at=at, priority=PRIORITY[What.DIRECT],
        user_id=user_id, event=event, values=values,
    )  # fmt: skip


def learn_person(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Ask Slack who this is."""
    outbox.put(
        session,
        lane="people",
        what=What.LEARN_PERSON,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.LEARN_PERSON],
        target=f"person:{user_id}",
        user_id=user_id,
    )


def notice(session: Session, team_id: str, at: datetime, keys: Collection[str]) -> None:
    """Say once in the incidents channel what the app or the workspace lacks."""
    outbox.put(
        session, lane="notices", what=What.NOTICE, team_id=team_id, at=at, priority=PRIORITY[What.NOTICE],
        keys=list(keys),
    )  # fmt: skip


def look(session: Session, incident: Incident, at: datetime, *, whole: bool = False) -> None:
    """Read the incident's channel as it is, for what was missed: all of it, or what is cheap to read."""
    _put(session, incident, What.LOOK, at, target=f"look{' whole' * whole}:{incident.key}", whole=whole)


def duty_changed(
    session: Session, team_id: str, at: datetime, user_id: str, override_id: int, *, by: str | None, is_withdrawn: bool
) -> None:
    """Write to one person that a change of who is on call, made by somebody else or taken back, is about them."""
    outbox.put(
        session, lane=f"dm:{user_id}", what=What.DUTY_CHANGED, team_id=team_id, at=at,
        priority=PRIORITY[What.DUTY_CHANGED], user_id=user_id, override_id=override_id, by=by,
        is_withdrawn=is_withdrawn,
    )  # fmt: skip


def shift_changed(
    session: Session,
    team_id: str,
    at: datetime,
    values: dict[str, Any],
    *,
    user_id: str | None = None,
    channel: str | None = None,
) -> None:
    """Hand over at a change of shift: to one person, or in a channel (name or id)."""
    lane = f"dm:{user_id}" if user_id else f"oncall:{channel}"
    place = {"user_id": user_id} if user_id else {"channel": channel}
    outbox.put(
        session, lane=lane, what=What.SHIFT_CHANGED, team_id=team_id, at=at, priority=PRIORITY[What.SHIFT_CHANGED],
        **values, **place,
    )  # fmt: skip


def draw_shifts(session: Session, team_id: str, at: datetime, user_id: str, schedule: str, response_url: str) -> None:
    """Show one person the next two weeks of a schedule as a picture, where they asked for it."""
    outbox.put(
        session, lane=f"drawn:{user_id}", what=What.SHIFTS_DRAWN, team_id=team_id, at=at,
        priority=PRIORITY[What.SHIFTS_DRAWN], user_id=user_id, schedule=schedule, response_url=response_url,
    )  # fmt: skip


def forget_drawn(session: Session, team_id: str, at: datetime, file_id: str) -> None:
    """Delete a picture of who is on call from Slack."""
    outbox.put(
        session, lane=f"drawn:{file_id}", what=What.DELETE_FILE, team_id=team_id, at=at,
        priority=PRIORITY[What.LOOK], file_id=file_id,
    )  # fmt: skip
