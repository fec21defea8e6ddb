"""Buttons and modals, from their payload to what they do, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.when import When, longest_time
from bot.services import access, escalation, incidents, people, tell, timeline
from bot.services.actor import Actor, Origin
from bot.slack.blocks import card as cards
from bot.slack.blocks import escalation as escalations
from bot.slack.blocks import modals
from bot.slack.payloads import team_of
from bot.slack.replies import WITHDRAW
from bot.store import deliveries
from bot.store import incidents as store_incidents
from bot.store.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button. `value` is what the button carries: the id of an incident, escalation or entry."""

    team_id: str
    user_id: str
    home_team_id: str | None
    action_id: str
    value: str
    trigger_id: str

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "Pressed":
        """Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
        action, user = body["actions"][0], body["user"]
        return cls(
            team_id=team_of(body),
            user_id=str(user["id"]),
            home_team_id=user.get("team_id"),
            action_id=str(action["action_id"]),
            value=str(action.get("value") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
        )

    @property
    def number(self) -> int:
        """Raises UserError for a button that carries no number: it is not one of ours, or from another version."""
        if not self.value.isdecimal():
            raise UserError("This button is from another version of Dogwatch. Use `/incident` instead.")
        return int(self.value)


Press = Callable[[Session, Settings, Actor, int], str | None]
"""What a button does. Returns what only the one who pressed is told; None: the message itself shows it."""


def _lead(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> None:
    incidents.take_lead(session, incident_id, actor, actor.user_id or "")


def _draft(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> str:
    incident = store_incidents.get(session, incident_id)
    tell.post_draft(session, incident, actor.at, template=None, languages=None, asked_by=actor.user_id)
    return "The postmortem draft follows."


def _acknowledge(session: Session, _settings: Settings, actor: Actor, escalation_id: int) -> None:
    escalation.acknowledge(session, escalation_id, actor)


def _decline(session: Session, _settings: Settings, actor: Actor, escalation_id: int) -> None:
    escalation.decline(session, escalation_id, actor)


def _withdraw(session: Session, _settings: Settings, actor: Actor, entry_id: int) -> str:
    entry = session.get(TimelineEntry, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    if entry.withdrawn_at is not None:
        raise UserError("That entry was removed already. Nothing was changed.")
    incident = store_incidents.lock(session, entry.incident_id)
    timeline.withdraw(session, incident, entry, actor, "removed by hand")
    tell.show_card(session, incident, actor.at)
    if entry.channel_id and entry.message_ts:
        tell.confirm(session, incident, actor.at, entry.channel_id, entry.message_ts)
    return "Removed from the timeline. The record keeps who did it."


PRESSES: Mapping[str, Press] = {
    cards.LEAD: _lead,
    cards.DRAFT: _draft,
    escalations.ACKNOWLEDGE: _acknowledge,
    escalations.DECLINE: _decline,
    WITHDRAW: _withdraw,
}
"""Buttons that act at once. `OPENS` are those that ask first."""

OPENS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    cards.RESOLVE: modals.resolve,
    cards.NOTE: modals.note,
}


def carry_out(session: Session, settings: Settings, pressed: Pressed, at: datetime) -> str | None:
    """
    Do what a button does. The same press delivered again does nothing.

    Returns what the one who pressed is told; a refusal is told in words, and nothing is changed.
    """
    if pressed.trigger_id and not deliveries.is_first(session, f"{pressed.team_id}:press:{pressed.trigger_id}", at):
        return None
    actor = Actor(pressed.team_id, pressed.user_id, at, Origin.BUTTON)
    try:
        with session.begin_nested():
            people.meet(session, pressed.team_id, [pressed.user_id], at)
            access.check(session, actor, home_team_id=pressed.home_team_id)
            told = PRESSES[pressed.action_id](session, settings, actor, pressed.number)
            session.flush()
    except UserError as problem:
        return f":warning: {problem.message}"
    return told


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal that was sent off. `values` by action id; `blocks` tells at which field each of them stood."""

    team_id: str
    user_id: str
    home_team_id: str | None
    callback_id: str
    incident_id: int
    values: Mapping[str, str]
    view_id: str

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "Submitted":
        """Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
        view, user = body["view"], body["user"]
        values = {
            action_id: _given(element)
            for block in (view.get("state") or {}).get("values", {}).values()
            for action_id, element in block.items()
        }
        return cls(
            team_id=team_of(body),
            user_id=str(user["id"]),
            home_team_id=user.get("team_id"),
            callback_id=str(view.get("callback_id") or ""),
            incident_id=int(view.get("private_metadata") or 0),
            values=values,
            view_id=str(view.get("id") or ""),
        )


def _given(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    return str(element.get("value") or chosen.get("value") or "")


def submit(session: Session, settings: Settings, submitted: Submitted, at: datetime) -> dict[str, str]:
    """
    Do what a modal asks for. Returns what is wrong, by field: then nothing is changed and what was typed stays.

    The same submission delivered again does nothing.
    """
    key = f"{submitted.team_id}:view:{submitted.view_id}:{hash_of(submitted.values)}"
    if not deliveries.is_first(session, key, at):
        return deliveries.answer_of(session, key) or {}
    actor = Actor(submitted.team_id, submitted.user_id, at, Origin.MODAL)
    try:
        with session.begin_nested():
            access.check(session, actor, home_team_id=submitted.home_team_id)
            SUBMISSIONS[submitted.callback_id](session, settings, actor, submitted)
            session.flush()
    except FieldError as problem:
        deliveries.remember_answer(session, key, {problem.field: problem.message})
        return {problem.field: problem.message}
    except UserError as problem:
        first = modals.FIRST_FIELD[submitted.callback_id]
        deliveries.remember_answer(session, key, {first: problem.message})
        return {first: problem.message}
    return {}


def hash_of(values: Mapping[str, str]) -> str:
    """Tells one submission of a view from the next, corrected one."""
    return str(sorted(values.items()))[:200]


class FieldError(UserError):
    """What is wrong with one field of a modal."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def _time_in(session: Session, submitted: Submitted, at: datetime) -> When | None:
    text = submitted.values.get(modals.AT, "").strip()
    if not text:
        return None
    incident = store_incidents.get(session, submitted.incident_id)
    words = text.split()
    try:
        found = longest_time(words, now=at, zone=ZoneInfo(incident.zone))
    except UserError as problem:
        raise FieldError(modals.AT, problem.message) from problem
    if found is None or found[1] != len(words):
        raise FieldError(modals.AT, f"{text!r} is not a time. Write it like 14:05, 10 min ago or yesterday 15:00.")
    return found[0]


def _resolve(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    ended = _time_in(session, submitted, actor.at)
    text = submitted.values.get(modals.TEXT, "")
    incidents.resolve(session, submitted.incident_id, actor, text=text, ended=ended)


def _note(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    text = submitted.values.get(modals.TEXT, "").strip()
    if not text:
        raise FieldError(modals.TEXT, "Write what happened.")
    kind = modals.kind_of(submitted.values.get(modals.KIND, ""))
    incidents.note(
        session, submitted.incident_id, actor, text, when=_time_in(session, submitted, actor.at), kind=kind
    )  # fmt: skip


SUBMISSIONS: Mapping[str, Callable[[Session, Settings, Actor, Submitted], None]] = {
    modals.RESOLVE: _resolve,
    modals.NOTE: _note,
}
