"""`/incidents/{reference}/entries/{entry}`: forms that change one timeline entry."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlmodel import Session

from bot.command.forms.choices import kind_choices, language_choices
from bot.command.forms.parser import list_candidates
from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.domain.languages import get_language
from bot.domain.terms import LANGUAGES, MARKS, Kind
from bot.domain.text.normalize import parse_id
from bot.domain.timeline.amendments import parse_amended_time
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.services.entries.amend import Amendment, amend_entry, move_entry
from bot.services.entries.form_view import (
    EntryView,
    changed_translations,
    entry_names,
    load_entry_view,
    restore_mentions,
)
from bot.services.entries.merge import MergedText, merge_entries
from bot.services.entries.redact import redact_entry
from bot.services.entries.remove import put_back_entry, remove_entry
from bot.services.entries.translate import translate_entry
from bot.services.entries.undo import undo_change
from bot.services.entries.versions import StaleEntry
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import NOT_FOUND, signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.layout import render_page

ENTRY = re.compile(r"entry-(?P<number>[0-9]{1,9})", re.ASCII)
KIND_FIELD, TRANSLATION_FIELD = "kind:", "text:"
"""Prefixes of the checkboxes of kinds, and of the texts by language."""
BEFORE = "before"
CHANGED_MEANWHILE = "Another person changed this entry meanwhile: see its history. Check your text and send it again."


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A form of the page as it was sent. `act`: which of its forms."""

    act: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()


NO_CHANGE = EntryChange()


class EntryRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        path = "/incidents/{reference}/entries/{entry}"
        handle = signed_in(self._sessions, self.respond)
        return [web.get(path, handle), web.post(path, handle)]

    async def respond(self, request: web.Request, viewer: Viewer) -> web.Response:
        settings, place = self._sessions.settings, (request.match_info["reference"], request.match_info["entry"])
        visibility = await self._access.find_visibility(viewer)
        change = NO_CHANGE
        if request.method == "POST":
            fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
            change = EntryChange(fields.get("act", ""), fields)
            actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
            try:
                await self._database.run(change_entry, settings, visibility, place, actor, change)
            except (IncidentNotFound, NotPermitted):
                raise
            except StaleEntry:
                change = EntryChange(change.act, fields, CHANGED_MEANWHILE)
            except UserError as problem:
                change = EntryChange(change.act, fields, problem.message)
            else:
                path = f"{site_root(settings)}/incidents/{place[0].upper()}#{place[1]}"
                return web.Response(status=303, headers={"Location": path})
        view = await self._database.read(_load, visibility, place)
        status = 422 if change.problem else 200
        return render_page(self._sessions, "incidents/entry", page_values(view, change), viewer=viewer, status=status)


def find_entry(session: Session, visibility: Visibility, place: tuple[str, str]) -> TimelineEntry:
    """Raises IncidentNotFound, also for an entry of another incident."""
    incident, named = visibility.find(session, place[0]), ENTRY.fullmatch(place[1])
    entry = timeline.get(session, int(named["number"])) if named else None
    if entry is None or entry.incident_id != incident.key:
        raise IncidentNotFound(NOT_FOUND)
    return entry


def _load(session: Session, visibility: Visibility, place: tuple[str, str]) -> EntryView:
    return load_entry_view(session, find_entry(session, visibility, place).key)


def change_entry(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    place: tuple[str, str],
    actor: Actor,
    change: EntryChange,
) -> None:
    """Raises UserError, also if somebody else changed the entry since the page was opened."""
    check_access(session, actor, home_team_id=None)
    entry, seen = find_entry(session, visibility, place), change.text("seen")
    match change.act:
        case "amend":
            _amend(session, entry, actor, change)
        case "move":
            beside = _read_entry_id(change.text("beside"))
            move_entry(session, entry.key, beside, actor, before=change.text("place") == BEFORE, seen=seen)
        case "merge":
            texts, other = change.text("texts"), _read_entry_id(change.text("other"))
            chosen = MergedText(texts) if texts in set(MergedText) else MergedText.BOTH
            merge_entries(session, entry.key, other, actor, chosen, seen=seen)
        case "undo":
            undo_change(session, settings, entry.key, actor, seen=seen)
        case "remove":
            remove_entry(session, settings, entry.key, actor, change.text("why"), seen=seen)
        case "put back":
            put_back_entry(session, settings, entry.key, actor, seen=seen)
        case "redact" if change.text("why"):
            redact_entry(session, entry.key, actor, change.text("why"))
        case "redact":
            raise UserError("Enter a reason. It replaces the words.")
        case _:
            raise UserError("Choose an action.")


def _amend(session: Session, entry: TimelineEntry, actor: Actor, change: EntryChange) -> None:
    """Change the entry and its words in further languages."""
    fields = {code: TRANSLATION_FIELD + code for code in LANGUAGES}
    given = {code: _plain_lines(change.text(field)) for code, field in fields.items() if field in change.fields}
    translations = changed_translations(session, entry, given)
    wanted = _read_amendment(session, entry, actor.at, change)
    amend_entry(session, entry.key, actor, wanted, seen=change.text("seen"))
    for code, text in translations.items():
        translate_entry(session, entry.key, actor, code, text)


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _read_entry_id(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise UserError("Choose the other entry.")
    return found


def _read_amendment(session: Session, entry: TimelineEntry, at: datetime, change: EntryChange) -> Amendment:
    view, names = load_entry_view(session, entry.key), entry_names(session, entry)
    text = _plain_lines(change.text("text"))
    chosen = tuple(kind for kind in MARKS if KIND_FIELD + kind.value in change.fields)
    language = change.text("language")
    is_kept = not view.has_words or text == view.text.strip()
    if not chosen and view.kinds and not view.fixed:
        raise UserError("Choose at least one kind. To have none, take the entry off the timeline.")
    return Amendment(
        text=None if is_kept else restore_mentions(text, view.text, entry, names),
        when=_read_time(session, entry, view, at, change.text("at")),
        marks=None if set(chosen) == set(view.kinds).intersection(MARKS) else chosen,
        language=language if language in {"", *LANGUAGES} else None,
    )


def _read_time(session: Session, entry: TimelineEntry, view: EntryView, at: datetime, text: str) -> ParsedTime | None:
    """The new time; None if it is unchanged, so that the old one keeps its seconds."""
    if text == view.typed_at:
        return None
    zone = ZoneInfo(incidents.get(session, entry.incident_id).zone)
    try:
        return parse_amended_time(text, near=entry.sort_at, now=at, zone=zone)
    except Ambiguous as question:
        raise UserError(list_candidates(question, "Type")) from question


def page_values(view: EntryView, change: EntryChange) -> dict[str, object]:
    """Values of `web/incidents/entry.html.j2`, with what was entered."""
    is_amended, english = change.act == "amend", get_language("en")
    given = change.fields if is_amended else {}
    chosen = [kind for kind in MARKS if KIND_FIELD + kind.value in given] if is_amended else view.kinds
    return {
        "entry": view,
        "problem": change.problem,
        "act": change.act,
        "text": given.get("text", view.text),
        "at": given.get("at", view.typed_at),
        "language": given.get("language", view.language or ""),
        "languages": [(each.value, each.text) for each in language_choices()],
        "kinds": [(each.value, each.text, Kind(each.value) in chosen) for each in kind_choices()],
        "fixed": ", ".join(sorted(kind.value for kind in view.fixed)),
        "translations": [
            (code, english.language_name(code), given.get(TRANSLATION_FIELD + code, text))
            for code, text in view.translations.items()
        ],
        "why": change.fields.get("why", ""),
        "chosen": {name: change.fields.get(name, "") for name in ("place", "beside", "other", "texts")},
    }
