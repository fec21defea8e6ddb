"""Announce maintenance windows on the public page, and keep it in step with them."""

import re
from collections.abc import Mapping

from sqlmodel import Session

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.errors import InvalidField
from bot.domain.languages import get_language
from bot.domain.status_page.subscribers import NoticeKind
from bot.lazy_dataclass import dataclass
from bot.services.status_page.maintenance_reminders import schedule_reminder
from bot.services.status_page.notices import notify_of_maintenance
from bot.services.status_page.public_text import check_public_text, make_public_id, plain_text, require_page_language
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store import status_page
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from bot.store.status_page import PublicMaintenance


@dataclass(frozen=True, slots=True)
class Announcement:
    """
    The words of a person for one language; without `language` that is the page's first one.

    An empty title or text, and components of None, leave what is published.
    """

    text: str
    title: str = ""
    language: str = ""
    components: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """
    The outcome.

    `missing`: languages of the page without words. `suggested`: components of the service, if none was named.
    """

    row: PublicMaintenance
    missing: tuple[str, ...]
    suggested: tuple[str, ...] = ()


def announce_maintenance(
    session: Session, settings: Settings, actor: Actor, window: MaintenanceWindow, wanted: Announcement
) -> Announced:
    """
    Publish a window in one language, or change what is published of it.

    Raises InvalidField (`public`, `lang`, `title`, `text`); then nothing is published.
    """
    page = settings.status
    if page is None:
        message = "There is no status page. Add [status] with a title to dogwatch.toml, or leave out `public:`."
        raise InvalidField("public", message)
    code = wanted.language or page.default_language
    require_page_language(page, code)
    words = {"title": plain_text(wanted.title), "text": plain_text(wanted.text)}
    for field, text in words.items():
        check_public_text(settings, field, code, text, _find_references(settings, text))
    row = status_page.find_announced(session, [window.key]).get(window.key)
    if row is None and not words["text"]:
        raise InvalidField("text", "Add the words that readers of the status page see.")
    before = _published_words(row)
    row = row or _create_row(settings, page, window, actor)
    _apply(row, page, code, words, wanted.components)
    _mark_changed(row, before, actor)
    session.add(row)
    session.flush()
    status_page.raise_revision(session)
    schedule_reminder(session, settings, window, actor.at)
    if page.subscribers.are_possible:
        notify_of_maintenance(session, actor.team_id, row, _find_kind(before, code), [code], actor.at)
    action = "changed published maintenance" if before else "published maintenance"
    audit_action(session, actor, action, service=window.service, language=code, before=before)
    missing = tuple(each for each in page.languages if not row.texts.get(each))
    return Announced(row, missing, () if row.components else _suggest_components(page, window))


def follow_window(session: Session, settings: Settings, window: MaintenanceWindow, actor: Actor) -> None:
    """Show the new times of a window, its early end or its cancellation, if it is published."""
    row = status_page.find_announced(session, [window.key]).get(window.key)
    if row is None:
        return
    row.starts_at, row.ends_at, row.ended_at = window.starts_at, window.ends_at, window.ended_at
    row.changed_at, row.sequence = actor.at, row.sequence + 1
    session.add(row)
    status_page.raise_revision(session)
    schedule_reminder(session, settings, window, actor.at)
    notify_of_maintenance(session, actor.team_id, row, NoticeKind.CHANGE, list(row.texts), actor.at)


def _find_kind(before: Mapping[str, Mapping[str, object]], code: str) -> NoticeKind:
    """Classify new words in a language by what was published before."""
    if not before:
        return NoticeKind.UPDATE
    return NoticeKind.CHANGE if code in before["texts"] else NoticeKind.TRANSLATION


def _find_references(settings: Settings, text: str) -> list[str]:
    """Numbers of incidents, like INC-7: no reader outside knows them."""
    prefixes = "|".join(map(re.escape, (settings.incidents.channel_prefix, settings.incidents.drill_prefix)))
    return re.findall(rf"(?<!\w)(?:{prefixes})-\d+", text, re.IGNORECASE)


def _published_words(row: PublicMaintenance | None) -> dict[str, Mapping[str, object]]:
    """For the audit, and to see what changes. Empty before the first publication."""
    return {"titles": row.titles, "texts": row.texts, "components": row.components} if row else {}


def _create_row(
    settings: Settings, page: StatusPageSection, window: MaintenanceWindow, actor: Actor
) -> PublicMaintenance:
    return PublicMaintenance(
        window_id=window.key,
        public_id=make_public_id(settings, f"public maintenance {window.key}"),
        titles={each: get_language(each).words["page_maintenance"] for each in page.languages},
        texts={},
        components={},
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        published_at=actor.at,
    )


def _apply(
    row: PublicMaintenance,
    page: StatusPageSection,
    code: str,
    words: Mapping[str, str],
    components: tuple[str, ...] | None,
) -> None:
    if words["title"]:
        row.titles = {**row.titles, code: words["title"]}
    if words["text"]:
        row.texts = {**row.texts, code: words["text"]}
    if components is not None:
        names = {each.key: dict(each.names) for each in page.as_components()}
        row.components = {key: names[key] for key in components}


def _mark_changed(row: PublicMaintenance, before: Mapping[str, Mapping[str, object]], actor: Actor) -> None:
    """Show when words that readers know were changed. A further language is no change."""
    if not before:
        return
    row.sequence += 1
    now = _published_words(row)
    is_added = row.texts.keys() - before["texts"].keys()
    kept = {code: text for code, text in row.texts.items() if code not in is_added}
    titles = {code: title for code, title in row.titles.items() if code not in is_added}
    before_titles = {code: title for code, title in before["titles"].items() if code not in is_added}
    if (kept, titles, now["components"]) != (before["texts"], before_titles, before["components"]):
        row.changed_at = actor.at


def _suggest_components(page: StatusPageSection, window: MaintenanceWindow) -> tuple[str, ...]:
    return tuple(each.key for each in page.as_components() if window.service in each.services)
