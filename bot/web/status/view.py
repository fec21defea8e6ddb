"""`PublicState` as values of the templates, in one language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from math import floor
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot.domain.languages import Language, base_language, get_language
from bot.domain.status_page.components import ComponentState, TextByLanguage
from bot.domain.status_page.history import ImpactDay
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.page import PageFrame, choose_text
from bot.domain.status_page.publication import PublishedIncident, PublishedUpdate
from bot.domain.status_page.state import PublicComponent, PublicState
from bot.domain.terms import UpdateState
from bot.domain.times import full_zone_label
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import babel
    from babel import dates, numbers

    from bot.export import html
else:
    babel, dates, numbers = LazyModule("babel"), LazyModule("babel.dates"), LazyModule("babel.numbers")
    html = LazyModule("bot.export.html")

Values = dict[str, Any]
RECENT_INCIDENTS = 5
PLAIN_ZONES = frozenset({"UTC", "Etc/UTC"})
"""Zones without a name in words."""
BAR_WIDTH = 5
"""Units of the picture for each day, with the gap."""


class StatusView:
    def __init__(self, state: PublicState, frame: PageFrame, language: str, stale_since: datetime | None) -> None:
        self.state = state
        self.frame = frame
        self.language: Language = get_language(language)
        self._stale_since = stale_since

    def frame_values(self, *, root: str, path: str) -> Values:
        """
        Values of the layout.

        `root` leads from the page to the folder of the site, `path` from there to the page.
        """
        words, stale = self.language.words, self._stale_since
        return {
            "t": words,
            "code": self.language.code,
            "root": root,
            "title": self.frame.title,
            "url": self.frame.url,
            "links": self.frame.links,
            "feeds": [(each.key, f"{self.frame.title}: {self._name(each.names)}") for each in self.state.components],
            "languages": [(code, _native_name(code), f"{root}{code}/{path}") for code in self.frame.languages],
            "alternates": [(code, f"{self.frame.url}/{code}/{path}") for code in self.frame.languages],
            "as_of": self._time_message("page_as_of", self.state.as_of),
            "zone": self.language.format_message("page_zone", zone=self._zone_name()),
            "zone_key": self.state.zone.key,
            "stale": self._time_message("page_stale", stale),
            "takes_subscribers": self.frame.takes_subscribers,
            "indicator": self.state.indicator.value,
            "indicator_text": words[f"page_indicator_{self.state.indicator}"],
        }

    def current_values(self) -> Values:
        """Values of the page with the present state."""
        over = [each for each in self.state.incidents if not each.is_open]
        return {
            "open_incidents": [self.incident_values(each) for each in self.state.open_incidents],
            "maintenances": [self.maintenance_values(each) for each in self.state.announced_maintenances],
            "recent": [self.incident_values(each) for each in over[:RECENT_INCIDENTS]],
            "groups": [
                {
                    "name": self._name(group.names) if group else None,
                    "components": [self._component(c) for c in members],
                }
                for group, members in self.state.groups
            ],
            "month": f"{self.state.months[0][0]:%Y-%m}",
        }

    def subscribe_values(self) -> Values:
        """Values of the form to subscribe. From a static host it leads to the bot's address."""
        return {
            "action": f"{self.frame.form_url or '..'}/subscribe",
            "choices": [(each.key, self._name(each.names)) for each in self.state.components],
            "takes_webhooks": self.frame.takes_webhooks,
        }

    def month_values(self, place: int) -> Values:
        """Values of a month's page; months are the newest first."""
        months = self.state.months
        month, incidents = months[place]
        older = months[place + 1][0] if place + 1 < len(months) else None
        newer = months[place - 1][0] if place else None
        return {
            "month": self.month_text(month),
            "incidents": [self.incident_values(each) for each in incidents],
            "maintenances": [self.maintenance_values(each) for each in self.state.find_finished(month)],
            "older": (f"{older:%Y-%m}", self.month_text(older)) if older else None,
            "newer": (f"{newer:%Y-%m}", self.month_text(newer)) if newer else None,
        }

    def incident_values(self, incident: PublishedIncident) -> Values:
        title, code = self._text(incident.titles)
        words = self.language.words
        resolved_at = incident.resolved_at if incident.active_updates else None
        lasted = incident.announced_for if resolved_at else None
        return {
            "id": incident.public_id,
            "title": title,
            "lang": self._foreign(code),
            "title_note": self._only_in([*incident.titles], "page_title_only_in") if self._foreign(code) else "",
            "state": incident.state.value,
            "label": words[incident.label],
            "impact": incident.impact.value,
            "is_open": incident.is_open,
            "impact_times": self._impact_times(incident),
            "announced": self.time_values(incident.announced_at),
            "resolved": self.time_values(resolved_at) if resolved_at else None,
            "resolved_label": words["page_resolved" if incident.label.startswith("public_") else incident.label],
            "lasted": self.language.format_duration(lasted) if lasted else "",
            "affected": self._states(incident, [*incident.components], worst=not incident.is_open),
            "updates": [self._update(each) for each in reversed(incident.updates)],
        }

    def maintenance_values(self, maintenance: PublishedMaintenance) -> Values:
        words, phase = self.language.words, maintenance.phase_at(self.state.as_of)
        title, title_code = self._text(maintenance.titles)
        text, code = self._text(maintenance.texts)
        ended_at = maintenance.ended_at if not maintenance.is_cancelled else None
        title_is_alone = bool(self._foreign(title_code)) and not self._foreign(code)  # else the text's note says it
        return {
            "id": maintenance.public_id,
            "title": title,
            "title_lang": self._foreign(title_code),
            "title_note": self._only_in([*maintenance.titles], "page_title_only_in") if title_is_alone else "",
            "state": phase.value,
            "label": words[f"page_maintenance_{phase}"],
            "starts": self.time_values(maintenance.starts_at),
            "ends": self.time_values(maintenance.ends_at),
            "ended": self.time_values(ended_at) if ended_at else None,
            "affected": [self._name(names) for names in maintenance.components.values()],
            "text": text,
            "lang": self._foreign(code),
            "note": self._only_in(maintenance.languages) if self._foreign(code) else "",
            "called_off": words["page_maintenance_called_off"] if maintenance.is_cancelled else "",
            "published": self._time_message("page_added", maintenance.published_at),
            "changed": self._time_message("page_changed", maintenance.changed_at),
        }

    def _impact_times(self, incident: PublishedIncident) -> Values | None:
        starts_at, ends_at = incident.impact_started_at, incident.impact_ended_at
        if starts_at is None:
            return None
        return {"start": self.time_values(starts_at), "end": self.time_values(ends_at) if ends_at else None}

    def _states(self, incident: PublishedIncident, keys: Sequence[str], *, worst: bool) -> list[Values]:
        """The components of an incident with their state: the worst published one, or the last."""
        found = []
        for key in keys:
            named = [each.components[key] for each in incident.active_updates if key in each.components]
            state = max((each.state for each in named), key=lambda each: each.rank) if worst else named[-1].state
            found.append({"name": self._name(named[-1].names), **self._state_values(state)})
        return found

    def _update(self, update: PublishedUpdate) -> Values:
        text, code = self._text(update.texts)
        document, document_code = self._text(update.documents)
        return {
            "number": update.number,
            "state": update.state.value,
            "label": self.language.words[update.label],
            "text": text or self._missing_text(update),
            "lang": self._foreign(code) if text else "",
            "note": self._language_note(update, bool(text), code),
            "at": self.time_values(update.published_at),
            "corrected": self._time_message("page_corrected", update.corrected_at),
            "added": self._time_message("page_added", update.added_at),
            "components": [
                {"name": self._name(each.names), **self._state_values(each.state)}
                for each in update.components.values()
            ],
            "document": _demote_headings(html.render_html_body(document)) if document else "",
            "document_lang": self._foreign(document_code) if document else "",
        }

    def _missing_text(self, update: PublishedUpdate) -> str:
        words = self.language.words
        if update.is_withdrawn:
            return words["page_withdrawn"]
        return words["page_postmortem_published" if update.state is UpdateState.POSTMORTEM else "page_removed"]

    def _language_note(self, update: PublishedUpdate, has_text: bool, code: str) -> str:
        """Say in which languages it exists, where the reader's is none of them."""
        is_missing = has_text and bool(self._foreign(code))
        is_missing |= (
            not has_text and update.state is UpdateState.POSTMORTEM and self.language.code not in update.languages
        )
        if not is_missing:
            return ""
        return self._only_in([each for each in update.languages if update.texts.get(each) or not has_text] or [code])

    def _only_in(self, languages: Sequence[str], key: str = "page_only_in") -> str:
        listed = self.language.format_list([self.language.language_name(each) for each in languages])
        return self.language.format_message(key, languages=listed)

    def _component(self, component: PublicComponent) -> Values:
        days = [self._day(day) for day in component.days]
        locale = self.language.locale
        pattern = locale.percent_formats[None].pattern.replace("0", "0.00")
        counted = numbers.format_percent(floor(component.uptime * 100) / 10_000, pattern, locale=locale)
        return {
            "name": self._name(component.names),
            **self._state_values(component.state),
            "bars": [{"x": place * BAR_WIDTH, **day} for place, day in enumerate(days)],
            "width": len(days) * BAR_WIDTH - 1,
            "impact_days": [day for day in reversed(days) if day["incidents"]],
            "uptime": self.language.format_message("page_uptime", percent=counted),
        }

    def _day(self, day: ImpactDay) -> Values:
        words = self.language.words
        by_state = sorted(day.minutes.items(), key=lambda each: each[0].rank, reverse=True)
        parts = [f"{words[f'page_component_{state}']}, {self._minutes(minutes)}" for state, minutes in by_state]
        return {
            "day": self.day_text(day.day),
            "iso": day.day.isoformat(),
            "state": day.worst.value,
            "text": "; ".join(parts) or words["page_no_impact"],
            "incidents": [self._links[each] for each in day.public_ids],
        }

    @cached_property
    def _links(self) -> Mapping[str, tuple[str, str, str]]:
        """Path, title and foreign language of the title of each incident and maintenance."""
        titles = [("incidents", each.public_id, each.titles) for each in self.state.incidents]
        titles += [("maintenance", each.public_id, each.titles) for each in self.state.maintenances]
        named = [(folder, each, *self._text(texts)) for folder, each, texts in titles]
        return {each: (f"{folder}/{each}.html", title, self._foreign(code)) for folder, each, title, code in named}

    def _minutes(self, minutes: int) -> str:
        hours, rest = divmod(minutes, 60)
        parts = [("length_h", hours), ("length_m", rest)]
        return " ".join(self.language.format_message(key, count=each) for key, each in parts if each)

    def _state_values(self, state: ComponentState) -> Values:
        return {"state": state.value, "label": self.language.words[f"page_component_{state}"]}

    def _text(self, texts: TextByLanguage) -> tuple[str, str]:
        return choose_text(texts, self.language.code, self.frame.languages)

    def _name(self, names: TextByLanguage) -> str:
        return self._text(names)[0]

    def _foreign(self, code: str) -> str:
        """The `lang` of a text that is not in the page's language; empty if it is."""
        return base_language(code) if code and self.language.is_foreign(code) else ""

    def _time_message(self, key: str, at: datetime | None) -> Markup | str:
        """A sentence with a time, marked up as one; empty without."""
        if at is None:
            return ""
        time = self.time_values(at)
        element = Markup('<time datetime="{iso}">{text}</time>').format(**time)
        before, _, after = self.language.words[key].partition("{time}")
        return Markup("{}{}{}").format(before, element, after)

    def time_values(self, at: datetime) -> Values:
        return {"iso": at.astimezone(self.state.zone).isoformat(timespec="seconds"), "text": self.time_text(at)}

    def time_text(self, at: datetime) -> str:
        """`Mar 27, 2025, 16:42 CET`: always with day and zone."""
        local, locale = at.astimezone(self.state.zone), self.language.locale
        day = dates.format_skeleton("yMMMd", local, locale=locale)
        clock = dates.format_skeleton("Hm", local, tzinfo=self.state.zone, locale=locale)
        return f"{day}, {clock} {full_zone_label(at, self.state.zone)}"

    def day_text(self, day: date) -> str:
        return dates.format_date(day, "long", locale=self.language.locale)

    def month_text(self, month: date) -> str:
        text: str = dates.format_skeleton("yMMMM", month, locale=self.language.locale)
        return text[:1].upper() + text[1:]

    def _zone_name(self) -> str:
        if self.state.zone.key in PLAIN_ZONES:
            return "UTC"
        name: str = dates.get_timezone_name(self.state.zone, locale=self.language.locale)
        return f"{name} ({self.state.zone.key})"


def _native_name(code: str) -> str:
    name = babel.Locale.parse(code, sep="-").get_display_name() or code
    return name[:1].upper() + name[1:]


def _demote_headings(body: str) -> Markup:
    """The document below the page's own headings."""
    for level in (4, 3, 2, 1):
        body = body.replace(f"<h{level}", f"<h{level + 2}").replace(f"</h{level}>", f"</h{level + 2}>")
    return Markup(body)  # noqa: S704  it is made from Markdown, whose own HTML is escaped
