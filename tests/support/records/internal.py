"""Records full of internal words, with all of these words."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from bot.domain.drafting.public.model import PublicPolicy
from bot.domain.record.model import Action, Entry, Record, Statement, Update
from bot.domain.record.sources import Source
from bot.domain.terms import Severity, SourceKind, Status
from tests.support.records.strategies import HOSTILE, PEOPLE, START, records, source_of

NAMES = dict(zip(PEOPLE, ("Ana Torres", "Zoë Müller-Lukács", "xylander"), strict=True))
POLICY = PublicPolicy(
    private_words=("Falcon", "blue whale"),
    hosts=("status.harbour.example",),
    aliases={"UONCALL": ("ana.torres",), "U0STRANGER": ("Ilse Brandt", "ilse_b")},
    channels=("war-room-7",),
)
CHANNEL = "inc-1-checkout_is_down"
LABELS = {"alertname": "CardsFailHard", "pod": "cards-7d4f-x2", "region": "eu_west_1", "severity": "page"}
SEVERITIES = {Severity.SEV1.value: "P1", Severity.SEV2.value: "P2"}
UNPUBLISHED = "unpublished7"
"""Part of every text that is not meant for readers outside."""
INTERNAL = (
    *PEOPLE,
    *NAMES.values(),
    *(name for names in POLICY.aliases.values() for name in names),
    "U0STRANGER",
    *POLICY.private_words,
    *POLICY.channels,
    CHANNEL,
    "acme.example",
    "grafana.corp.internal",
    "SEV1",
    "SEV2",
    "P1 *",
    "OPS-4711",
    "INC-1",
    "entry-1",
    UNPUBLISHED,
)
OF_ALERTS = ("CardsFailHard", "cards-7d4f-x2", "eu_west_1", *(f"{key}={value}" for key, value in LABELS.items()))
"""Internal words of records that have alerts."""
PIECES = (
    "<@UONCALL>",
    "<@U0STRANGER>",
    "Ana Torres",
    "ANA  TORRES",
    "Ana\u200b Torres",
    "*Ana* Torres",
    "_Zoë_ Müller-Lukács",
    "zoe muller-lukacs",
    "@xylander",
    "xylander's",
    "ana.torres",
    "@ilse_b",
    "Ilse\nBrandt",
    "ana.torres@acme.example",
    "#war-room-7",
    f"<#C0SECRET77|{CHANNEL}>",
    CHANNEL,
    "<!subteam^S0DATABASE|@dba>",
    "<!channel>",
    "https://wiki.acme.example/a?b=(c)",
    "the graph (https://grafana.corp.internal/d/x)",
    "grafana.corp.internal:3000/d/x",
    "https://status.harbour.example/incidents/7",
    "https://status.harbour.example@acme.example/",
    "10.0.0.7",
    "SEV1",
    "sev-2",
    "P1 *",
    "OPS-4711",
    "(OPS-4711)",
    "INC-1",
    "CardsFailHard",
    "`cards-7d4f-x2`",
    "region=eu_west_1",
    "Fal*con*",
    "FALCON",
    "blue\u00a0whale",
    "UTF-8",
    "payments failed",
    "20% of users",
)
SAFE = (
    "payments failed",
    "UTF-8",
    "e-commerce",
    "for 13 minutes",
    "https://status.harbour.example/incidents/7",
    "Node.js",
)

leaky_texts = st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(HOSTILE)), min_size=1, max_size=4).map(
    " ".join
)
safe_texts = st.lists(st.sampled_from(SAFE), min_size=1, max_size=4).map(" ".join)


def _statement(statement: Statement, text: str, kind: SourceKind) -> Statement:
    source = Source(kind, statement.source.ref, statement.source.link)
    return replace(statement, text=text if kind is SourceKind.COMMAND else f"{text} {UNPUBLISHED}", source=source)


def _entry(entry: Entry) -> Entry:
    return replace(entry, text=f"{entry.text} {UNPUBLISHED}")


def _action(action: Action) -> Action:
    return replace(action, text=f"{action.text} {UNPUBLISHED}")


@st.composite
def internal_records(draw: st.DrawFn, texts: st.SearchStrategy[str] = leaky_texts) -> Record:
    """Any resolved incident, whose public texts are `texts` and whose other parts are all internal."""
    record = draw(records(max_entries=5))
    kinds = st.sampled_from([SourceKind.COMMAND, SourceKind.COMMAND, SourceKind.MESSAGE])

    def reworded(statements: Sequence[Statement]) -> list[Statement]:
        return [_statement(each, draw(texts), draw(kinds)) for each in statements]

    incident = replace(
        record.incident,
        titles={code: draw(texts) for code in record.incident.titles},
        status=Status.RESOLVED,
        drill=False,
        severity_label="P1 *",
        severity_labels=SEVERITIES,
        services=(UNPUBLISHED,),
        channel_name=CHANNEL,
        channel_link="https://acme.example/archives/C0SECRET77",
        category=UNPUBLISHED,
        closure_reason=UNPUBLISHED,
    )
    return replace(
        record,
        incident=incident,
        entries=[_entry(each) for each in record.entries],
        actions=[_action(each) for each in record.actions],
        alerts=[replace(each, labels=LABELS, name=LABELS["alertname"]) for each in record.alerts],
        impacts=reworded(record.impacts),
        causes=reworded(record.causes),
        resolutions=reworded(record.resolutions),
        updates=[_update(each, draw(texts)) for each in record.updates],
        people=NAMES,
    )


def _update(update: Update, text: str) -> Update:
    return replace(update, texts=dict.fromkeys(update.texts, text), published_at=update.published_at or START)


def typed(noun: str, text: str, language: str | None = None) -> Statement:
    """A statement that somebody typed."""
    return Statement(text, language, source_of(SourceKind.COMMAND, f"{noun}-1"), START, None)
