"""Views of any record: hostile, long and odd words wherever words of others stand."""

import types
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from bot.domain.alerts.links import AlertLink, LinkKind
from bot.domain.record.facts import RoleAssigned
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Severity, UpdateState
from bot.domain.timeline.details import EntryDetails
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.views.alert_lines import AlertLine
from bot.services.views.card import ALERTS_SHOWN, CardAlerts
from tests.support.records.strategies import records

PIECES = (
    "<!channel>",
    "<!here>",
    "<@U0MANAGER>",
    "<https://evil.test|click>",
    "<!subteam^S0ALL>",
    "&",
    "&lt;",
    "<",
    ">",
    "|",
    "`",
    "```",
    "`code`",
    "```\n<!channel>\n`x` <b>\n```",
    "*bold*",
    "_",
    "~",
    "\n",
    "\n>",
    " ",
    "a",
    "word ",
    "ünï",
    "😀",
    "支付",
    "\u202e",
    "\u2066",
    "• ",
    "{{7*7}}",
    "<script>",
    "https://evil.test/",
    "@here",
    "\u0301",
)
ACTING = {"@U0ENGINEER", "@U0DBA", "#C0INCIDENT", "!subteam^S0DATABASE"}
"""What the bot itself mentions in these views."""

words = st.builds(
    lambda parts, times, end: ("".join(parts) * times)[:40_000] + end,
    st.lists(st.sampled_from(PIECES), max_size=8),
    st.sampled_from((1, 1, 1, 2, 30, 400, 10_000)),
    st.sampled_from(("", "end")),
)
something = words.filter(str.strip)
people = st.sampled_from(("U0ENGINEER", "U0DBA"))
moments = st.integers(1_600_000_000, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
addresses = words.map(lambda text: f"https://monitor.test/{text}") | words.map(lambda text: f"javascript:{text}")

BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "reactions": st.sampled_from([DEFAULT_REACTIONS, {}]),
    "title": something,
    "reference": st.just("INC-7"),
    "previous": st.none() | st.just("INC-6"),
    "severity": something,
    "severity_rank": st.integers(1, 4),
    "channel_id": st.none() | st.just("C0INCIDENT"),
    "mention": st.sampled_from(("<@U0DBA>", "<!subteam^S0DATABASE>", "payments")),
    "target": st.sampled_from(("<@U0DBA>", "<!subteam^S0DATABASE>", "payments")),
    "lead": st.none() | people,
    "asked_by": st.none() | people,
    "acknowledged_by": st.none() | people,
    "author": st.none() | people,
    "owner": st.none() | people,
    "user_id": people,
    "giver": st.none() | people,
    "recipient": st.sampled_from(("", "<@U0DBA>", "payments")),
    "members": st.lists(people, max_size=3).map(tuple),
    "declined_by": st.lists(people, max_size=3).map(tuple),
    "unreached": st.lists(people, max_size=3).map(tuple),
    "still_needed": st.lists(people, max_size=3).map(tuple),
    "groups": st.lists(st.just("S0DATABASE"), max_size=3).map(tuple),
    "due": st.none() | st.just("2026-03-09"),
    "name": something,
    "link": st.none() | addresses,
    "bridge_url": st.none() | addresses,
    "links": st.lists(
        st.builds(AlertLink, st.sampled_from(LinkKind), addresses), max_size=4, unique_by=lambda each: each.kind
    ).map(tuple),
    "labels": st.lists(st.tuples(words, words), max_size=2).map(lambda some: tuple(some * 8)),
    "roles": st.lists(st.tuples(words, people), max_size=8).map(tuple),
    "other_roles": st.lists(st.tuples(words, people), max_size=8).map(tuple),
    "how": st.just("role scribe @USER"),
    "status_labels": st.fixed_dictionaries({"monitoring": something}),
    "kinds": st.just(("note",)),
    "severity_labels": st.fixed_dictionaries({severity.value: something for severity in Severity}),
    "names": st.dictionaries(st.sampled_from(("U0MANAGER", "U0ENGINEER", "U0DBA")), something),
    "details": st.builds(
        EntryDetails,
        users=st.none() | st.integers(0, 10**12),
        users_percent=st.none() | st.floats(0, 100),
        changes=st.dictionaries(st.sampled_from(("title", "title.fr", "services")) | something, words),
        role=st.just("scribe"),
        role_label=words,
        user=people,
        public=st.none() | st.sampled_from([each.value for each in UpdateState]),
        public_languages=st.lists(st.sampled_from(("fr", "en"))).map(tuple),
    ),
    "fact": st.none() | st.builds(RoleAssigned, st.just("scribe"), words, people, people, words),
    "event": st.just(""),
    "values": st.just({}),
}


def entries_of_forms() -> st.SearchStrategy[EntryView]:
    """An entry whose form can be opened: it has neighbours, places and a history."""
    neighbours = st.lists(
        st.builds(Neighbour, st.integers(1, 99), words.map(lambda said: f"14:02 {said}")), min_size=1, max_size=99
    )
    return st.builds(
        EntryView,
        entry_id=st.integers(1, 10**9),
        incident_id=st.integers(1, 10**9),
        incident=st.just("INC-7"),
        version=st.just("a1b2c3"),
        text=words,
        typed_at=st.sampled_from(("?", "~2026-03-02 14:02")),
        zone=st.just("America/Argentina/ComodRivadavia"),
        kinds=st.lists(st.sampled_from(Kind), min_size=1, unique=True).map(tuple),
        fixed=st.frozensets(st.sampled_from(Kind)),
        language=st.none() | st.just("fr"),
        is_withdrawn=st.booleans(),
        has_words=st.just(True),
        neighbours=neighbours.map(tuple),
        places=neighbours.map(tuple),
        history=st.lists(words.map(lambda said: f"14:02 {said}"), min_size=1, max_size=20).map(tuple),
        undoable=st.none() | st.just("Undo the last amendment"),
    )


def any_of(kind: type) -> st.SearchStrategy[Any]:
    """Any view of that class: hostile, long and odd words wherever words of others stand."""
    hints = get_type_hints(kind)
    is_part = {name for name, hint in hints.items() if is_dataclass(hint) and hint is not EntryDetails}
    if kind is CardAlerts:
        shown = st.lists(any_of(AlertLine), max_size=ALERTS_SHOWN).map(tuple)
        counts = st.integers(0, 1_000_000)
        return st.builds(CardAlerts, counts, counts, shown, st.none() | words)
    known = BY_NAME | {name: _of_type(hint) for name, hint in hints.items() if name not in BY_NAME or name in is_part}
    return st.builds(kind, **{each.name: known[each.name] for each in fields(kind)})


def _of_type(kind: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([_of_type(each) for each in inner])
    if origin is tuple:
        return st.lists(_of_type(inner[0]), max_size=4).map(lambda some: tuple(some * 6))
    if kind is str:
        return words
    if kind is datetime:
        return moments
    if is_dataclass(kind):
        return any_of(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if kind is timedelta:
        return st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
    return {bool: st.booleans(), int: st.integers(0, 1_000_000), type(None): st.none()}[kind]


@st.composite
def hostile_records(draw: st.DrawFn) -> Record:
    """Any record, with very long and hostile words in place of some of its own."""
    record = draw(records())
    entries = [replace(each, text=draw(words)) for each in record.entries]
    said = [replace(each, text=draw(words)) for each in record.impacts]
    return replace(record, entries=entries, impacts=said)
