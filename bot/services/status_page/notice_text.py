"""A notice in one language: the words of its mail, its webhook and its message in Slack."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.languages import Language, get_language
from bot.domain.status_page.maintenance import MaintenancePhase
from bot.domain.status_page.page import choose_text
from bot.domain.status_page.subscribers import Notice, NoticeKind
from bot.domain.times import full_zone_label
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from babel import dates
else:
    dates = LazyModule("babel.dates")

REASONS = {
    NoticeKind.CORRECTION: "notice_corrected",
    NoticeKind.TRANSLATION: "notice_translated",
    NoticeKind.CHANGE: "notice_changed",
}
"""Words that say why it comes again."""


@dataclass(frozen=True, slots=True)
class NoticeText:
    """
    Words for readers of `language`.

    `text` is as published, in `text_language`; `note` says in which languages it exists, if theirs is none of them.
    `reason` says that it corrects, translates or changes what they know; else it is empty. `components` has names and
    states. `period`: start and end of a maintenance, else empty.
    """

    language: str
    page_title: str
    title: str
    label: str
    text: str
    text_language: str
    note: str
    reason: str
    at: str
    period: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    url: str

    @property
    def headline(self) -> str:
        return f"{self.reason}: {self.title}" if self.reason else f"{self.label}: {self.title}"


def word_notice(settings: Settings, page: StatusPageSection, notice: Notice, code: str) -> NoticeText:
    """Word a notice for readers of a language; in the page's first one, if it lost theirs."""
    code = code if code in page.languages else page.default_language
    language = get_language(code)
    words, order, zone = language.words, page.languages, settings.status_zone
    text, text_code = choose_text(notice.texts, code, order)
    reason = REASONS.get(notice.kind, "")
    if notice.kind is NoticeKind.REMINDER and notice.state == MaintenancePhase.SCHEDULED:
        reason = "notice_reminder"
    is_foreign = bool(text) and language.is_foreign(text_code)
    components = [
        (choose_text(each.names, code, order)[0], words[f"page_component_{each.state}"] if each.state else "")
        for each in notice.components.values()
    ]
    return NoticeText(
        code,
        page.title,
        choose_text(notice.titles, code, order)[0],
        words[notice.label],
        text or (words[notice.missing] if notice.missing else ""),
        text_code if text else code,
        _only_in(language, [each for each in order if notice.texts.get(each)]) if is_foreign else "",
        words[reason] if reason else "",
        _word_time(language, notice.at, zone),
        tuple(_word_time(language, each, zone) for each in notice.period or ()),
        tuple(components),
        f"{settings.status_url}/{code}/{notice.path}",
    )


def _only_in(language: Language, codes: Sequence[str]) -> str:
    listed = language.format_list([language.language_name(each) for each in codes])
    return language.format_message("page_only_in", languages=listed)


def _word_time(language: Language, at: datetime, zone: ZoneInfo) -> str:
    """`Mar 27, 2025, 16:42 CET`, as on the page."""
    local = at.astimezone(zone)
    day = dates.format_skeleton("yMMMd", local, locale=language.locale)
    clock = dates.format_skeleton("Hm", local, tzinfo=zone, locale=language.locale)
    return f"{day}, {clock} {full_zone_label(at, zone)}"
