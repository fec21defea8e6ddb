"""
Every message, modal and text that the bot can make, built from examples.

The gallery's page shows them; a contract test checks them against Slack's limits and against the tables of events,
buttons and forms. A new message or form belongs here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.command.flags import flag_question
from bot.command.mark_help import mark_help
from bot.command.table import Invocation
from bot.config import Settings
from bot.domain.errors import Ambiguous
from bot.domain.escalation import PagedLevel, Position
from bot.domain.slack_app.missing_permissions import MissingPermission
from bot.domain.slack_app.scopes import BY_SCOPE, PERMISSIONS
from bot.domain.terms import TargetKind
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.domain.times import ParsedTime
from bot.services.escalation.duplicate_check import RepeatedRequest, RunningPage
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.incidents.merge import MergePreview, MergeResult
from bot.services.postmortem.document.block_form import EditOffer
from bot.services.postmortem.findings import FindingPlace, FindingsView, FindingText
from bot.services.similarity import Suggestion, SuggestionView
from bot.services.timeline.notes import NoteTime
from bot.services.views.card import RelatedIncident
from bot.services.views.lists import AlertsView, FollowUp, FollowUpsView
from bot.services.views.missing_facts import NEEDED_FACTS, MissingFactsView
from bot.services.views.resolution import ResolutionView
from bot.slack.blocks.command_question import MAX_CHOICES, command_question_message
from bot.slack.blocks.commands.note_time import note_time_question, time_set_message
from bot.slack.blocks.commands.typed_line import MAX_OFFERS, offer_label, refusal_message
from bot.slack.blocks.escalation import page
from bot.slack.blocks.escalation.ack_timeout import active_confirmed_message, silence_check_message
from bot.slack.blocks.escalation.message import escalation_message, moved_escalation_message
from bot.slack.blocks.escalation.question import acknowledge_question, acknowledged_message, page_again_question
from bot.slack.blocks.incidents import archiving, card
from bot.slack.blocks.incidents.alerts import alerts_message
from bot.slack.blocks.incidents.channel_lines import channel_line, ephemeral_text, redacted_message
from bot.slack.blocks.incidents.followups import followups_message
from bot.slack.blocks.incidents.merge import merge_question, merged_message
from bot.slack.blocks.incidents.reminders import reminder_message
from bot.slack.blocks.incidents.resolution import resolution_message
from bot.slack.blocks.incidents.role_briefing import role_briefing_message
from bot.slack.blocks.incidents.similarity import suggestion_message
from bot.slack.blocks.message import Message
from bot.slack.blocks.missing_permissions import missing_permissions_message
from bot.slack.blocks.postmortem import catchup
from bot.slack.blocks.postmortem.block_form import edit_message
from bot.slack.blocks.postmortem.comments import comment_message, comment_thread_message
from bot.slack.blocks.postmortem.review import review_request_message
from bot.slack.blocks.status_notice import status_notice
from bot.slack.blocks.status_page.approval import approval_request_message
from bot.slack.handlers.commands.incident_questions import ask_to_confirm, ask_which_incident
from bot.slack.replies.render import escape_markup
from bot.store.incidents.timeline import TimelineEntry
from commands import resolve, start
from tests.support.gallery import oncall
from tests.support.gallery.cards import BEGAN, BUSY, CARDS, EDITED, ENDED, FIRED, OTHER, OVER
from tests.support.gallery.catchup import CATCHUPS
from tests.support.gallery.channel_lines import LINES
from tests.support.gallery.escalations import ANSWERED, ESCALATIONS, NAMES, PAGES
from tests.support.gallery.forms import home_exhibits, modal_exhibits
from tests.support.gallery.lists import list_messages
from tests.support.gallery.paging import paging_messages as paged_messages
from tests.support.gallery.reminders import ACK_TIMEOUT, REMINDERS
from tests.support.gallery.roles import APPROVALS, BRIEFINGS, COMMENT, COMMENT_THREAD, REVIEWS
from tests.support.gallery.vendors import vendor_messages
from tests.support.subscribers.status_notices import STATUS_NOTICES

FOLLOW_UPS = FollowUpsView(
    improvements=(FollowUp(1, "Test the gateway with every kind of card", None, None, is_done=False),),
    tasks=(
        FollowUp(2, "Review the integration code", "U0ENGINEER", "2026-03-06", is_done=False),
        FollowUp(3, "Add an alert on declined payments", None, None, is_done=True),
        FollowUp(4, "Renew the certificate", "S0DATABASE", "2026-12-04", is_done=False, owner_group="database"),
    ),
    names=NAMES,
)
FINDINGS = FindingsView(
    "INC-7",
    (
        FindingText(
            "End of impact is inconsistent: at 16:24 in the record, at 16:23 (CET) in a text.",
            (FindingPlace("16:42", "https://harbour.slack.example/archives/C0INC7/p42"), FindingPlace("18:00", None)),
        ),
        FindingText(
            "2 tasks have neither an owner nor a date.",
            (FindingPlace("task 2", "https://harbour.slack.example/archives/C0INC7/p43"), FindingPlace("task 3", None)),
        ),
    ),
)
SIMILAR = Suggestion(
    3,
    "INC-3",
    "C0INC3",
    "https://dogwatch.example/incidents/INC-3",
    ("checkout", "gateway"),
    ("pool", "exhausted"),
    was_rolled_back=True,
)
RESOLVED = ResolutionView(
    reference="INC-7",
    author="U0ONCALL",
    text="Rolled back the deploy of 14:00, with <@U0DBA>",
    names=NAMES,
    is_over=True,
    draft_file=None,
    missing=MissingFactsView(7, tuple(NEEDED_FACTS)),
    findings=FINDINGS,
)
RESOLUTIONS = {
    "something is missing": RESOLVED,
    "complete": replace(
        RESOLVED, draft_file="F0DRAFT", missing=MissingFactsView(7, ()), findings=FindingsView("INC-7", ()), author=None
    ),
    "no message is marked": replace(
        RESOLVED, missing=MissingFactsView(7, tuple(NEEDED_FACTS), messages=306, has_candidates=True)
    ),
    "some messages are marked": replace(RESOLVED, missing=MissingFactsView(7, (), 40, 12, has_candidates=True)),
    "alerts still fire": replace(RESOLVED, firing="2 alerts still fire: CheckoutHTTP500Spike, Latency."),
    "reopened": replace(RESOLVED, is_over=False, text=""),
}
TIMED_NOTE = NoteTime(
    "INC-7",
    TimelineEntry(
        id=12,
        incident_id=7,
        seq=1,
        kinds=["note"],
        precision="exact",
        sort_at=BEGAN,
        recorded_at=BEGAN,
        source="command",
    ),
    ParsedTime(BEGAN, text="14:05"),
)
REPEATED = RepeatedRequest(
    7,
    (
        EscalationTarget(TargetKind.PERSON, "U0DBA", "U0DBA"),
        EscalationTarget(TargetKind.POLICY, "payments", "payments"),
    ),
    "Where are you?",
    "",
    BEGAN,
    (RunningPage("<@U0DBA>", TargetKind.PERSON, BEGAN), RunningPage("payments", TargetKind.POLICY, BEGAN)),
)
PAGED_LEVEL = PagedLevel(
    Position(1, 0),
    BEGAN,
    BEGAN,
    people=("U0DBA", "U0ENGINEER"),
    groups=("S0DATABASE",),
    services=("pagerduty:payments",),
)
TWO_DAYS = ("2026-02-03 08:45 -06:00", "2026-03-02 08:45 -06:00")
TIME_QUESTION = (
    f"`03/02/2026 08:45 CST` can be two days. Do you mean `{TWO_DAYS[0]}` or `{TWO_DAYS[1]}`?",
    "/incident note at:03/02/2026 08:45 CST the pool was full",
    [(each, "{}") for each in TWO_DAYS * (MAX_CHOICES // 2)],
)
FLAGS = {each.name: each for each in start.COMMAND.options}
AMONG_TWO = Invocation(resolve.COMMAND, {}, {}, "was the reason", "INC-3", ZoneInfo("UTC"), may_be_text=True)
QUESTIONS = {
    "private?": (
        flag_question(FLAGS["private"], "private Customer data leaked", "Customer data leaked"),
        "/incident start private Customer data leaked",
    ),
    "drill?": (
        flag_question(FLAGS["drill"], "drill Evacuate room 4", "Evacuate room 4"),
        "/incident start drill Evacuate room 4",
    ),
    "which incident": (ask_which_incident(AMONG_TWO, EDITED, OTHER), "/incident resolve INC-3 was the reason"),
    "end another incident?": (ask_to_confirm("Resolve", "INC-3", EDITED, OTHER), "/incident INC-3 resolve done"),
}
NOT_A_TIME = ":warning: `26:10` is not a time: hours go from 0 to 23, as in `14:05`, or `2pm`."
NOT_A_COMMAND = ":warning: `reslove` is not a command. Did you mean `resolve`? `/incident help` lists them all."
NOTE = "/incident note at:26:10 The pool was full\n• first db-1\n• then db-2 & db-3 (`max_connections` <100)"
OVER_ALREADY = ":warning: INC-7 is resolved already, so nothing was changed."
MISSING_PERMISSIONS = {
    "a permission": [MissingPermission(BY_SCOPE["pins:write"])],
    "a permission that is needed": [
        MissingPermission(BY_SCOPE["channels:manage"]),
        MissingPermission(BY_SCOPE["usergroups:read"]),
    ],
    "a plan": [MissingPermission(BY_SCOPE["usergroups:read"], "paid_teams_only")],
    "all": [
        *map(MissingPermission, PERMISSIONS),
        *(MissingPermission(each, "plan_upgrade_required") for each in PERMISSIONS),
    ],
}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`kind` is `message`, `modal`, `home` or `text`; `payload` is Slack's."""

    name: str
    kind: str
    payload: dict[str, Any]


def exhibits(settings: Settings) -> Sequence[Exhibit]:
    """All messages, modals, homes and texts, worded by these settings."""
    messages = (*_incident_messages(), *_escalation_messages(), *_prompts())
    return (
        *(Exhibit(name, "message", dict(message.arguments())) for name, message in messages),
        *(Exhibit(name, "modal", view) for name, view in modal_exhibits(settings)),
        *(Exhibit(name, "home", view) for name, view in home_exhibits()),
        *(Exhibit(name, "text", {"text": text}) for name, text in _texts()),
    )


def _incident_messages() -> Iterator[tuple[str, Message]]:
    yield from ((f"card: {name}", card.card_message(view)) for name, view in CARDS.items())
    yield from ((f"announcement: {name}", card.announcement_message(view)) for name, view in CARDS.items())
    yield from ((f"line: {view.event}", channel_line(view)) for view in LINES)
    yield "follow-ups", followups_message(FOLLOW_UPS)
    yield "alerts: firing", alerts_message(AlertsView(7, True, 2, 1, (FIRED,), (ENDED,), ENDED.ended_at))
    yield "alerts: moved", alerts_message(AlertsView(7, False, 0, 0, (), (), None, RelatedIncident("INC-3", "C0INC3")))
    ended = AlertsView(7, True, 2, 0, (), (ENDED, replace(ENDED, is_flapping=True)), ENDED.ended_at)
    yield "alerts: all ended", alerts_message(ended)
    yield "alerts: resolved soon", alerts_message(replace(ended, resolves_at=ENDED.ended_at))
    yield from list_messages(OVER)
    yield "reopened: its channel is archived", archiving.channel_archived_message(7, "INC-7", "inc-7-checkout")
    yield "goes on elsewhere", archiving.new_channel_message("INC-7")
    yield "merge?", merge_question(MergePreview(EDITED, OTHER, 31, 3, 1, 2))
    yield "similar", suggestion_message(SuggestionView(7, SIMILAR))
    yield "similar: not shown", suggestion_message(SuggestionView(7, None))
    yield "similar: off", suggestion_message(SuggestionView(7, None, is_off=True))
    yield "merged", merged_message(MergeResult(EDITED, OTHER, 31, 3))
    yield "line: redacted", redacted_message()
    yield "note: its text begins with a time", note_time_question(TIMED_NOTE)
    yield "note: time set", time_set_message(BEGAN)


def _escalation_messages() -> Iterator[tuple[str, Message]]:
    yield from ((f"escalation: {name}", escalation_message(view)) for name, view in ESCALATIONS.items())
    yield "escalation: moved", moved_escalation_message(ANSWERED)
    yield from vendor_messages()
    yield from ((f"page: {name}", page.page_message(view, "U0DBA")) for name, view in PAGES.items())
    yield from paged_messages()
    yield from oncall.oncall_messages()
    yield "still on it?", silence_check_message(ACK_TIMEOUT)
    yield "still on it: yes", active_confirmed_message("INC-7")
    yield "page again?", page_again_question(REPEATED)
    yield "acknowledge?", acknowledge_question(7, PAGED_LEVEL)
    yield "acknowledge: yes", acknowledged_message()


def _question_message(question: Ambiguous, typed: str) -> Message:
    choices = [(label, "{}") for label in question.labels]
    return command_question_message(escape_markup(question.message), typed, choices)


def _prompts() -> Iterator[tuple[str, Message]]:
    yield from ((f"status page: {name}", status_notice(text)) for name, text in STATUS_NOTICES.items())
    yield from ((f"notice: {name}", missing_permissions_message(lacks)) for name, lacks in MISSING_PERMISSIONS.items())
    yield from ((f"catch up: {name}", catchup.catchup_message(view)) for name, view in CATCHUPS.items())
    yield from ((f"resolved: {name}", resolution_message(view)) for name, view in RESOLUTIONS.items())
    yield from ((f"briefing: {name}", role_briefing_message(view)) for name, view in BRIEFINGS.items())
    yield "briefing: taken", role_briefing_message(BRIEFINGS["handed over"], is_taken=True)
    yield from ((f"review: {name}", review_request_message(view)) for name, view in REVIEWS.items())
    yield "postmortem: edit", edit_message(EditOffer(7, "INC-7", COMMENT_THREAD.page_url))
    yield "comments: a thread", comment_thread_message(COMMENT_THREAD)
    yield "comments: a comment", comment_message(COMMENT)
    yield "comments: redacted", comment_message(replace(COMMENT, text=""))
    yield "review: approved", review_request_message(REVIEWS["asked"], is_approved=True)
    yield from ((f"approval: {name}", approval_request_message(view)) for name, view in APPROVALS.items())
    yield from ((f"reminder: {name}", reminder_message(view)) for name, view in REMINDERS.items())
    yield "question: which time", command_question_message(*TIME_QUESTION)
    yield from ((f"question: {name}", _question_message(*asked)) for name, asked in QUESTIONS.items())
    yield from _refused_lines()


def _refused_lines() -> Iterator[tuple[str, Message]]:
    yield "refused line: a time", refusal_message(NOT_A_TIME, NOTE, mistake="at:26:10")
    meant = "/incident resolve rolled back"
    offers = [(offer_label(meant), "{}")]
    yield (
        "refused line: a command",
        refusal_message(NOT_A_COMMAND, "/incident reslove rolled back", mistake="reslove", offers=offers),
    )
    yield "refused line: not now", refusal_message(OVER_ALREADY, "/incident resolve rolled back")
    longest = refusal_message(NOT_A_TIME, "/incident note " + "all of it. " * 2_000, offers=offers * MAX_OFFERS)
    yield "refused line: the longest", longest


def _texts() -> Iterator[tuple[str, str]]:
    yield "topic", card.channel_topic(BUSY)
    yield "help: reactions", mark_help(DEFAULT_REACTIONS, ["white_check_mark"])
    left = {"still": ["The message stays in Slack. Its author or an admin can delete it there."]}
    refused = ephemeral_text("answer refused", {"text": "<@U0DBA> acknowledged it already. Nothing was changed."})
    yield "whisper: answer refused", refused
    yield "whisper: redacted", ephemeral_text("redacted", left)
    yield "whisper: own message", ephemeral_text("own message", {"emoji": "mag"})
    yield "whisper: merged", ephemeral_text("merged", {"emoji": "mag", "into": "INC-1"})
