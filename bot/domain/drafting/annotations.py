"""Remarks on entries and alerts, and generated sentences, in the document's language."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.incidents.impact import ABOUT, AffectedUsers
from bot.domain.incidents.roles import LEAD, is_default_role
from bot.domain.languages import Language
from bot.domain.record.facts import (
    AlertCount,
    AlertEnded,
    AlertsEnded,
    AlertsFired,
    AlertsFlap,
    AlertsStillFire,
    CausedByChange,
    Fact,
    MoreAlerts,
    ResolvedByRule,
    RoleAssigned,
    StormBegan,
    StormOver,
    StormTitle,
    UsersAffected,
    VendorReported,
    with_note,
)
from bot.domain.record.model import Alert, Entry, Incident
from bot.domain.record.sources import Moment
from bot.domain.record.translations import Words, words_for_reader
from bot.domain.terms import Precision

SUMMARY_ANNOTATIONS = ("summary", "description", "message")
"""Annotations in which monitors describe an alert, the best first."""


def has_remarks(entry: Entry) -> bool:
    """Return whether `entry_remarks` yields anything; for most entries it does not."""
    return bool(entry.files or entry.changes or entry.language or entry.states_start or entry.states_end)


def entry_remarks(
    entry: Entry, incident: Incident, times: TimeFormatter, *, with_held_ends: bool = False
) -> Iterator[str]:
    """
    Files, changed fields, stated ends of the impact, and a foreign language.

    Ends that hold are left out unless `with_held_ends`: a timeline marks them in their place.
    """
    language = times.language
    if entry.files:
        yield language.format_message("files", names=language.format_list(entry.files))
    for name, value in entry.changes:
        yield _change_remark(name, value, language)
    if entry.states_start is not None and (with_held_ends or entry.states_start != incident.started.at):
        yield _stated_time("stated_start", entry.states_start, incident.started, times, entry)
    ended = incident.ended.at if incident.ended else None
    if entry.states_end is not None and (with_held_ends or entry.states_end != ended):
        yield _stated_time("stated_end", entry.states_end, incident.ended, times, entry)
    if (foreign := entry_words(entry, language).foreign) is not None:
        yield language.language_name(foreign)


def entry_words(entry: Entry, language: Language) -> Words:
    """The entry's words for the readers of a document in this language."""
    return words_for_reader(entry.text, entry.language, entry.translations, language.code)


def _change_remark(name: str, value: str, language: Language) -> str:
    """`title (French): Panne`, `category removed`; by field of `bot.services.incidents.edit`."""
    field, _, code = name.partition(".")
    word = language.words.get(f"field_{field}", field)
    if code:
        word = f"{word} ({language.language_name(code)})"
    if field == "languages":
        value = language.format_list([language.language_name(each) for each in value.split(", ")])
    return language.format_message("field_set" if value else "field_removed", field=word, value=value)


def _stated_time(key: str, at: datetime, current: Moment | None, times: TimeFormatter, entry: Entry) -> str:
    """A stated end of the impact, dated if on another day, with the current one if that differs."""
    precision = current.precision if current and current.at == at else Precision.EXACT
    is_same_day = entry.happened_at is None or times.is_same_day(at, entry.happened_at)
    shown = times.format_short(at, precision) if is_same_day else times.format_with_day(at, precision)
    stated = times.language.format_message(key, time=shown)
    if current is None:
        return times.language.format_message("holds_no_more", stated=stated)
    if current.at == at:
        return stated
    held = times.format_short(current.at, current.precision)
    return stated if held == shown else times.language.format_message("but_holds", stated=stated, held=held)


def role_label(role: str, label: str, language: Language) -> str:
    """A role's name in this language, or the workspace's own name for it."""
    return (
        language.format_message("lead" if role == LEAD else f"role_{role}") if is_default_role(role, label) else label
    )


def _role_sentence(fact: RoleAssigned, language: Language) -> str:
    role, who, before = role_label(fact.role, fact.label, language), fact.user_id, fact.before
    if who is None:
        sentence = language.format_message("gives_up", who=f"<@{before}>", role=role)
    elif before is not None:
        sentence = language.format_message("hands_over", before=f"<@{before}>", who=f"<@{who}>", role=role)
    elif fact.role == LEAD:
        sentence = language.format_message("leads", who=f"<@{who}>")
    else:
        sentence = language.format_message("takes_role", role=role, who=f"<@{who}>")
    return with_note(sentence, fact.note)


def localized_text(text: str, fact: Fact | None, language: Language) -> str:
    """The text of an entry or statement; a fact is worded in this language."""
    return text if fact is None else localized_fact(fact, language)


def localized_fact(fact: Fact, language: Language) -> str:
    """Facts that a label says in full (acknowledgements, a vendor's fix) keep their English."""
    match fact:
        case RoleAssigned():
            return _role_sentence(fact, language)
        case AlertEnded(line, words):
            return f"{line}: {words}" if words else line
        case AlertsFired(lines, more):
            return f"{lines}\n{language.format_count('and_more', more)}"
        case MoreAlerts() | AlertsEnded() | StormTitle():
            return _counted_alerts(fact, language)
        case AlertsStillFire() | AlertsFlap() | ResolvedByRule():
            return _alerts_sentence(fact, language)
        case UsersAffected():
            return localized_users(fact.users, language, as_sentence=True)
        case CausedByChange(change_kind):
            return language.format_message(f"change_{change_kind}", what=fact.subject)
        case VendorReported(vendor, title):
            return language.format_message(fact.kind, vendor=vendor, title=title)
        case StormBegan() | StormOver():
            return _storm_sentence(fact, language)
    return fact.in_english()


def _alerts_sentence(fact: AlertsStillFire | AlertsFlap | ResolvedByRule, language: Language) -> str:
    """Alerts fire on, flap, or stayed ended for so long that Dogwatch resolved."""
    if isinstance(fact, AlertsStillFire):
        return language.format_count(fact.kind, fact.count, names=fact.names)
    length = language.format_duration(timedelta(minutes=fact.minutes))
    if isinstance(fact, AlertsFlap):
        return language.format_message(fact.kind, names=fact.names, length=length)
    return language.format_message(fact.kind, length=length, table=fact.table)


def _storm_sentence(fact: StormBegan | StormOver, language: Language) -> str:
    """A storm began, goes on, or is over."""
    length = language.format_duration(timedelta(minutes=fact.minutes))
    if isinstance(fact, StormOver):
        return language.format_message("storm_over", length=length)
    return language.format_count(fact.kind, len(fact.references), length=length, names=", ".join(fact.references))


def users_figure(users: AffectedUsers, language: Language) -> str:
    """`1,200`, `20%`."""
    if users.count is not None:
        return language.format_number(users.count)
    return language.format_percent(users.percent or 0)


def localized_users(users: AffectedUsers, language: Language, *, as_sentence: bool = False) -> str:
    """`~20% of users`, or that they were affected."""
    figure = ABOUT * users.is_about + users_figure(users, language)
    if users.count is not None:
        key = "count_are_affected" if as_sentence else "count_of_users"
        return language.format_count(key, users.count, count=figure)
    return language.format_message("users_are_affected" if as_sentence else "users_affected", percent=figure)


def _counted_alerts(counts: AlertCount, language: Language) -> str:
    """A count of alerts with their services, or a storm before its alerts were counted."""
    if isinstance(counts, StormTitle) and not counts.count:
        return language.format_message("storm_title")
    if counts.service:
        services = language.format_message("of_service", service=counts.service)
    else:
        services = language.format_count("of_services", counts.services) if counts.services > 1 else ""
    text = language.format_count(counts.kind, counts.count, of=services)
    return f"{text}: {counts.listed}" if counts.listed else text


def alert_summary(alert: Alert) -> str:
    """The description of an alert; empty if it has none."""
    return next((alert.annotations[key] for key in SUMMARY_ANNOTATIONS if alert.annotations.get(key)), "")


def distinguishing_labels(alerts: Sequence[Alert]) -> Mapping[str, str]:
    """By ref, the labels in which alerts of the same name and summary differ: `probe=london`."""
    alike: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        alike.setdefault((alert.name, alert_summary(alert)), []).append(alert)
    found: dict[str, str] = {}
    for group in (group for group in alike.values() if len(group) > 1):
        shared = set.intersection(*(set(alert.labels.items()) for alert in group))
        own = {alert.source.ref: dict(set(alert.labels.items()) - shared) for alert in group}
        found |= {ref: format_labels(labels) for ref, labels in own.items() if labels}
    return found


def format_labels(labels: Mapping[str, str]) -> str:
    """`service=payments, severity=critical`, sorted by name."""
    return ", ".join(f"{key}={labels[key]}" for key in sorted(labels))
