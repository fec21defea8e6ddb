"""Examples of the gallery: lists of incidents and an overview."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.terms import Status
from bot.domain.text.search_terms import make_excerpt, search_terms
from bot.services.postmortem.overview import OverviewStatement, OverviewTime, OverviewView
from bot.services.views.card import CardView
from bot.services.views.search import IncidentListView, ListedIncident
from bot.slack.blocks.incidents.lists import incident_list_message, search_results_message
from bot.slack.blocks.incidents.overview import overview_message
from bot.slack.blocks.message import Message

BEGAN = datetime(2026, 3, 2, 13, 58, tzinfo=UTC)
EXCERPT = make_excerpt("Half of all payments fail, <@U0DBA> reads the *gateway's* logs", search_terms("gateway"))
LONG = make_excerpt("long words " * 40, search_terms("gateway"))
NAMES = {"U0ONCALL": "On-call engineer", "U0DBA": "Database administrator"}
WHERE = "https://harbour.slack.example/archives/C0INC7/p43"
ONE = ListedIncident(
    incident_id=7,
    reference="INC-7",
    title="Checkout is down",
    severity="SEV2",
    severity_rank=2,
    status_label="identified",
    status=Status.IDENTIFIED,
    lead="U0ONCALL",
    services=("checkout", "payments"),
    is_drill=False,
    is_private=False,
    declared_at=BEGAN,
    channel_id="C0INC7",
    channel_url=None,
)
LISTED = IncidentListView(
    "open incidents",
    "",
    40,
    8,
    tuple(replace(ONE, incident_id=n, reference=f"INC-{n}", title="long words " * 20) for n in range(32, 24, -1)),
    NAMES,
)
NOTHING = IncidentListView("incidents with “<!channel> 100%”", "<!channel> 100%", 0, 0, (), {})
FOUND = IncidentListView(
    "incidents with “gateway”",
    "gateway",
    12,
    0,
    (
        replace(ONE, line=EXCERPT, line_url=WHERE),
        replace(ONE, incident_id=3, reference="DRILL-3", is_drill=True, status=Status.RESOLVED, channel_id=None),
        replace(ONE, incident_id=2, reference="INC-2", status=Status.CANCELLED, line=LONG, lead=None),
    ),
    NAMES,
    with_drills=True,
    is_search=True,
)
WHOLE = OverviewView(
    facts=(("Reference", "TSR-1532"), ("Declared by", "<@U0ONCALL>"), ("Times in", "Europe/Paris")),
    times=(
        OverviewTime("started", BEGAN, is_approximate=True, url=WHERE),
        OverviewTime("declared", BEGAN + timedelta(minutes=2), is_approximate=False, url=None),
    ),
    statements=(
        OverviewStatement("Impact", "Half of all payments fail", None, WHERE),
        OverviewStatement("Cause", "Le certificat avait expiré " * 40, "fr", None),
    ),
    counts=(("timeline entries", 31), ("alerts", 3)),
    page_url="https://dogwatch.example/incidents/INC-7?key=0",
    names=NAMES,
)


def list_messages(card: CardView) -> Iterator[tuple[str, Message]]:
    yield "list", incident_list_message(LISTED)
    yield "list: the last page", incident_list_message(replace(LISTED, first=32))
    yield "list: nothing", incident_list_message(replace(NOTHING, what="open incidents", text=""))
    yield "found", search_results_message(FOUND)
    yield "found: a later page", search_results_message(replace(FOUND, first=8))
    yield "found: nothing", search_results_message(NOTHING)
    yield "everything about one", overview_message(card, WHOLE)
