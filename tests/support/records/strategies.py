"""Hypothesis strategies of random records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.domain.incidents.impact import AffectedUsers
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Action, Alert, Entry, Incident, Record, Statement, Update
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import (
    ActionKind,
    AlertStatus,
    Kind,
    Precision,
    Severity,
    SourceKind,
    Status,
    TargetKind,
    UpdateState,
)

HOSTILE = (
    "<!channel> *bold* {{7*7}} <script>alert(1)</script> [x](http://e) | # - 1.",
    "# heading",
    "- item\n- item",
    "1. one\n2) two",
    "> quote",
    "> quote\n> *more*\nanswer",
    "see `<b>|</b>` and *bold `|` _both_* ~no~ (_it_)",
    "log: ```\n<script>alert(1)</script> | `x`\n# no heading\n\n- [x](http://e)\n``` end",
    "```` ``` `````",
    "```\ncode\n```",
    "    indented",
    "a\n===\nb\n---",
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "<b>x</b> <!-- y --> <https://e.example> &lt;i&gt; &#42;",
    "![p](http://e/x.png) [r][1]\n\n[1]: http://e",
    "__strong__ _em_ **strong** ~~gone~~ `code` snake_case \\*not\\* trailing\\\\",
    "{% for x in y %}{{ x }}{% endfor %}{# c #}",
    "<@UONCALL> and <@UNKNOWN>",
    "line\r\nline\u2028line\x0bline\x00\x07",
    "ends with a backslash\\",
    "***",
    "+",
    "#",
    "title #",
)
"""Texts that Markdown, HTML, Jinja2 or Slack would act upon if they were let."""
PEOPLE = {"UONCALL": "oncall", "UDBA": "dba *[x](y)*", "UENG": "engineer"}
START = datetime(2024, 3, 9, 20, 0, tzinfo=UTC)


def texts(min_size: int = 0) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(HOSTILE), st.text(min_size=min_size, max_size=60))


def _visible_texts() -> st.SearchStrategy[str]:
    """Texts with at least one visible character."""
    return texts(1).filter(lambda text: any(char.isprintable() and not char.isspace() for char in text))


def instants() -> st.SearchStrategy[datetime]:
    """Within three days around a clock change, to the second."""
    return st.integers(-3600, 3 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


def source_of(kind: SourceKind, ref: str) -> Source:
    return Source(kind, ref, f"https://acme.example/{ref}?a=(1)&b=2")


CHANGES = (
    (("category", "Production *x*"),),
    (("title.fr", "Titre <b>neuf</b>"), ("reference", "TSR-1|2")),
    (("services", ""), ("zone", "Europe/Paris")),
)


def withdrawn_text(seq: int) -> str:
    """The text of a withdrawn entry, which occurs nowhere else."""
    return f"gone{seq}gone"


@st.composite
def entries(draw: st.DrawFn, seq: int, escalations: int) -> Entry:
    known = draw(st.booleans())
    at = draw(instants())
    kind = draw(st.sampled_from(list(SourceKind)))
    kinds = draw(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=2, unique=True))
    changes = draw(st.booleans())
    withdrawn_at = draw(st.sampled_from([None, None, None, START]))
    text = draw(st.one_of(st.just(""), _visible_texts()))
    return Entry(
        source=source_of(kind, f"entry-{seq}"),
        seq=seq,
        kinds=tuple(kinds),
        text=text if withdrawn_at is None else f"{text} {withdrawn_text(seq)}",
        happened_at=at if known else None,
        precision=draw(st.sampled_from([Precision.EXACT, Precision.APPROXIMATE])) if known else Precision.UNKNOWN,
        sort_at=at,
        recorded_at=at,
        author=draw(st.sampled_from([None, *PEOPLE])),
        recorded_by=draw(st.sampled_from([None, *PEOPLE])),
        withdrawn_at=withdrawn_at,
        language=draw(st.sampled_from([None, None, "en", "fr", "ja"])),
        changes=draw(st.sampled_from(CHANGES)) if Kind.DETAILS in kinds else (),
        public=draw(st.sampled_from([None, *UpdateState])) if Kind.COMMUNICATION in kinds else None,
        states_start=draw(st.one_of(st.none(), instants())) if Kind.IMPACT in kinds else None,
        states_end=draw(st.one_of(st.none(), instants())) if Kind.RESOLVED in kinds else None,
        files=draw(st.sampled_from([(), ("graph_*1*.png",)])),
        about=f"escalation-{draw(st.integers(1, escalations))}" if escalations and draw(st.booleans()) else None,
        was="investigating" if changes else None,
        became="monitoring" if changes else None,
    )


@st.composite
def escalations(draw: st.DrawFn, number: int) -> Escalation:
    answered = draw(st.one_of(st.none(), instants()))
    paged = draw(st.one_of(st.none(), instants()))
    return Escalation(
        source=source_of(SourceKind.COMMAND, f"escalation-{number}"),
        target=draw(st.one_of(st.just("<@UDBA>"), _visible_texts())),
        target_kind=draw(st.sampled_from(list(TargetKind))),
        external=draw(st.booleans()),
        reason=draw(texts()),
        paged_at=paged,
        precision=Precision.EXACT if paged else Precision.UNKNOWN,
        acknowledged_at=answered,
        acknowledged_by=draw(st.sampled_from([None, *PEOPLE])) if answered else None,
        acknowledgement=source_of(SourceKind.COMMAND, f"answer-{number}") if answered else None,
        declined_by=draw(st.sampled_from([(), ("UENG",)])),
    )


@st.composite
def actions(draw: st.DrawFn, number: int) -> Action:
    return Action(
        source=source_of(SourceKind.COMMAND, f"action-{number}"),
        number=number,
        kind=draw(st.sampled_from(list(ActionKind))),
        text=draw(_visible_texts()),
        owner=draw(st.sampled_from([None, *PEOPLE])),
        due=draw(st.sampled_from([None, "2024-05-01", "soon"])),
        symptom=draw(st.one_of(st.none(), _visible_texts())),
        done=draw(st.booleans()),
    )


@st.composite
def alerts(draw: st.DrawFn, number: int) -> Alert:
    at = draw(instants())
    return Alert(
        source=source_of(SourceKind.ALERT, f"alert-{number}"),
        name=draw(_visible_texts()),
        status=draw(st.sampled_from(list(AlertStatus))),
        starts_at=at,
        starts_at_precision=draw(st.sampled_from([Precision.EXACT, Precision.APPROXIMATE])),
        ended_at=draw(st.one_of(st.none(), instants())),
        first_seen_at=at,
        last_seen_at=at,
        count=draw(st.integers(1, 3)),
        labels={"alertname": "X", "service": draw(texts())},
        annotations={"summary": draw(texts()), "runbook": draw(texts())},
        origin="generic",
    )


@st.composite
def statements(draw: st.DrawFn, name: str) -> list[Statement]:
    languages = draw(st.lists(st.sampled_from([None, "en", "fr", "ja"]), max_size=3, unique=True))
    figures = st.sampled_from(
        [None, AffectedUsers(percent=20.0), AffectedUsers(percent=12.5, is_about=True), AffectedUsers(count=1_200)]
    )
    return [
        Statement(
            draw(_visible_texts()),
            language,
            source_of(SourceKind.COMMAND, f"{name}-{place}"),
            START,
            None,
            draw(figures),
        )
        for place, language in enumerate(languages)
    ]


@st.composite
def moments(draw: st.DrawFn, name: str, at: datetime | None = None) -> Moment:
    when = at or draw(instants())
    return Moment(
        when, "a rule", source_of(SourceKind.COMMAND, f"moment-{name}"), draw(st.sampled_from(list(Precision)[:2]))
    )


def _updates(ordered: list[Entry]) -> list[Update]:
    """Status updates of the entries; one state in another language joins the update before."""
    told: list[Update] = []
    for entry in ordered:
        if entry.public is None or entry.withdrawn_at is not None:
            continue
        code = entry.language or ""
        texts = {code: entry.text} if entry.text else {}
        last = told[-1] if told else None
        if last and last.state is entry.public and texts and code and last.texts and code not in last.texts:
            told[-1] = replace(last, texts={**last.texts, **texts}, sources=(*last.sources, entry.source))
        else:
            told.append(Update(entry.public, entry.happened_at, texts, ("fr",), (entry.source,), entry.author))
    return told


@st.composite
def records(draw: st.DrawFn, max_entries: int = 8) -> Record:
    """Any record that the tables could hold, also those that no careful person would make."""
    called = [draw(escalations(number)) for number in range(1, draw(st.integers(0, 3)) + 1)]
    found = [draw(entries(seq, len(called))) for seq in range(1, draw(st.integers(0, max_entries)) + 1)]
    later = {
        name: draw(st.one_of(st.none(), moments(name)))
        for name in ("acknowledged", "identified", "mitigated", "resolved", "ended")
    }
    incident = Incident(
        reference="INC-1",
        outside_reference=draw(st.one_of(st.none(), _visible_texts())),
        titles={
            "": draw(_visible_texts()),
            **draw(st.sampled_from(({}, {"fr": "Panne *générale*"}, {"it": "Guasto", "en": "Fault"}))),
        },
        status=draw(st.sampled_from(list(Status))),
        severity=Severity.SEV1,
        severity_label=draw(st.sampled_from(["SEV1", "P1 *"])),
        services=tuple(draw(st.lists(_visible_texts(), max_size=2))),
        zone=ZoneInfo(draw(st.sampled_from(["UTC", "Africa/Nairobi", "America/Los_Angeles", "Asia/Kolkata"]))),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "fr", "de", "it"]), max_size=2, unique=True))),
        declared=draw(moments("declared")),
        declared_by=None,
        started=draw(moments("started")),
        detected=draw(moments("detected")),
        lead=draw(st.sampled_from([None, "UDBA"])),
        category=draw(st.one_of(st.none(), _visible_texts())),
        responsibility=draw(st.one_of(st.none(), _visible_texts())),
        closure_reason=draw(st.one_of(st.none(), _visible_texts())),
        channel_name=draw(st.sampled_from([None, "inc-1-checkout_is_down"])),
        drill=draw(st.booleans()),
        **later,
    )
    ordered = sorted(found, key=lambda entry: (entry.sort_at, entry.seq))
    return Record(
        incident=incident,
        entries=ordered,
        alerts=[draw(alerts(number)) for number in range(1, draw(st.integers(0, 2)) + 1)],
        escalations=called,
        actions=[draw(actions(number)) for number in range(1, draw(st.integers(0, 3)) + 1)],
        impacts=draw(statements("impact")),
        causes=draw(statements("cause")),
        resolutions=draw(statements("resolution")),
        updates=_updates(ordered),
        people=PEOPLE,
    )
