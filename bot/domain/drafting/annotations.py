"""What stands beside an entry in a draft, and what Dogwatch itself wrote into it, in the document's language."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.drafting.localized_times import Clock
from bot.domain.incidents.roles import LEAD, is_built_in
from bot.domain.languages import Language
from bot.domain.record import generated_sentences as own_words
from bot.domain.record.model import Entry, Incident, Moment, Statement
from bot.domain.terms import Kind, Precision, SourceKind


def has_remarks(entry: Entry) -> bool:
    """Whether anything stands beside it: most entries have nothing, and a long record has tens of thousands."""
    return bool(entry.files or entry.changes or entry.language or entry.states_start or entry.states_end)


def remarks_of(entry: Entry, incident: Incident, clock: Clock) -> Iterator[str]:
    """Files, changed fields, stated ends of the impact, and another language than the document's: a few words each."""
    language = clock.language
    if entry.files:
        yield language.say("files", names=language.listed(entry.files))
    for name, value in entry.changes:
        yield _change(name, value, language)
    if entry.states_start is not None:
        yield _stated("stated_start", entry.states_start, incident.started, clock, entry)
    if entry.states_end is not None:
        yield _stated("stated_end", entry.states_end, incident.ended, clock, entry)
    if entry.language and language.is_foreign(entry.language):
        yield language.name_of(entry.language)


def _change(name: str, value: str, language: Language) -> str:
    """`title (French): Panne`, `category removed`. The names are those of `bot.services.incidents.edit`."""
    field, _, code = name.partition(".")
    word = language.words.get(f"field_{field}", field)
    if code:
        word = f"{word} ({language.name_of(code)})"
    if field == "languages":
        value = language.listed([language.name_of(each) for each in value.split(", ")])
    return language.say("field_set" if value else "field_removed", field=word, value=value)


def _stated(key: str, at: datetime, holds: Moment | None, clock: Clock, entry: Entry) -> str:
    """An end of the impact that an entry states, with its date on another day; and the one that holds, if not it."""
    precision = holds.precision if holds and holds.at == at else Precision.EXACT
    is_of_that_day = entry.happened_at is None or clock.is_one_day(at, entry.happened_at)
    shown = clock.short(at, precision) if is_of_that_day else clock.on_its_day(at, precision)
    said = clock.language.say(key, time=shown)
    if holds is None:
        return clock.language.say("holds_no_more", stated=said)
    if holds.at == at:
        return said
    held = clock.short(holds.at, holds.precision)
    return said if held == shown else clock.language.say("but_holds", stated=said, held=held)


def role_label(role: str, label: str, language: Language) -> str:
    """A role in this language, as far as the workspace has not given it a name of its own."""
    return language.say("lead" if role == LEAD else f"role_{role}") if is_built_in(role, label) else label


def _role_given(entry: Entry, language: Language) -> str:
    """The sentence by which a role came to somebody, with what was said to it; empty if somebody put other words."""
    role, who, before = entry.role or LEAD, entry.person, entry.person_before
    if who is None and before is None:
        return ""
    label = entry.role_label or role.capitalize()
    note = own_words.note_behind(own_words.role_given(role, label, who, before), entry.text)
    if note is None:
        return ""
    shown = role_label(role, label, language)
    if who is None:
        said = language.say("gives_up", who=f"<@{before}>", role=shown)
    elif before is not None:
        said = language.say("hands_over", before=f"<@{before}>", who=f"<@{who}>", role=shown)
    elif role == LEAD:
        said = language.say("leads", who=f"<@{who}>")
    else:
        said = language.say("takes_role", role=shown, who=f"<@{who}>")
    return own_words.with_note(said, note)


def own_words_of(entry: Entry, language: Language) -> str:
    """A sentence that Dogwatch wrote into the entry, in this language; empty where the text is somebody's own."""
    text, kinds = entry.text, entry.kinds
    if not text or entry.source.kind is SourceKind.MESSAGE:
        return ""
    if kinds == (Kind.ROLE,) and (said := _role_given(entry, language)):
        return said
    if kinds == (Kind.ALERT_RESOLVED,):
        ended = own_words.read_alerts_ended(text)
        return counted("alerts_ended", ended, language) if ended else own_words.ended_alert(text) or ""
    if kinds == (Kind.DETECTION,) and entry.source.kind is SourceKind.ALERT:
        if more_alerts := own_words.read_more_alerts(text):
            return counted("more_alerts", more_alerts, language)
        lines, more = own_words.named_and_more(text)
        return f"{lines}\n{language.count('and_more', more)}" if more else ""
    if entry.source.kind is SourceKind.ALERT and kinds in ((Kind.NOTE,), (Kind.DECLARED,)):
        return _of_storm(text, language)
    percent = own_words.percent_affected(text) if kinds == (Kind.IMPACT,) else None
    return _users_affected(percent, language) if percent is not None else ""


def statement_text(statement: Statement, language: Language) -> str:
    """The text of an impact, a cause or a resolution; a share of users that was stated alone is said anew."""
    percent = own_words.percent_affected(statement.text) if statement.users_percent is not None else None
    return statement.text if percent is None else _users_affected(percent, language)


def _users_affected(percent: float, language: Language) -> str:
    return language.say("users_are_affected", percent=language.percent(percent))


def title_words(title: str, language: Language) -> str:
    """The title; one that counts the alerts of a storm is said in this language."""
    told = own_words.read_storm_title(title)
    return counted("storm_title", told, language) if told else title


def counted(key: str, told: own_words.Counted, language: Language) -> str:
    """Alerts that are only counted, with the services that are named beside it as they stand."""
    if told.service:
        services = language.say("of_service", service=told.service)
    else:
        services = language.count("of_services", told.services) if told.services > 1 else ""
    text = language.count(key, told.count, of=services)
    return f"{text}: {told.listed}" if told.listed else text


def _of_storm(text: str, language: Language) -> str:
    """What an alert storm's incident says by itself; empty for anything else."""
    if text == own_words.STORM:
        return language.say("storm_title")
    for key, opened in (
        ("storm_began", own_words.read_storm_began(text)),
        ("storm_goes_on", own_words.read_storm_goes_on(text)),
    ):
        if opened:
            count, window, names = opened
            return language.count(key, count, length=language.length(window), names=names)
    quiet = own_words.read_storm_over(text)
    return language.say("storm_over", length=language.length(quiet)) if quiet else ""
