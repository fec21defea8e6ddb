"""The visible outcome of a story, for a comparison with a run without a kill."""

import json
import re
from collections import Counter
from typing import Any

from sqlmodel import Session, select

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from bot.store import outbox
from bot.store.alerts.alerts import Alert
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents import slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.timeline import TimelineEntry
from bot.store.outbox import Lane, OutboxRow
from bot.store.shared.audit import AuditRow
from bot.store.shared.timers import Timer

DIFFERS = (
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "SLACK"),
    (re.compile(r"\bp?\d{10}\.?\d{6}\b"), "TS"),
    (re.compile(r"\b\d{10}\b"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b[A-Z][a-z]+ \d{1,2}, \d{4}\b"), "DAY"),
    (re.compile(r"\b\d{1,2}:\d\d(:\d\d)?([\s\u202f][AP]M)?\b"), "TIME"),
    (re.compile(r"\b\d+ ?(s|m|sec|min|seconds?|minutes?)\b"), "LENGTH"),
    (re.compile(r" — (after LENGTH|LENGTH after (the )?[a-z]+)"), ""),  # told from a minute on
    (re.compile(r"\b[CDF]0[0-9A-Z]{8}\b"), "ID"),
    (re.compile(r'"value": "\d+"'), '"value": "KEY"'),  # PostgreSQL does not give out again what a rollback took
)
"""What is never the same in two plays: moments, ids, ports."""


def steady(text: str) -> str:
    for pattern, word in DIFFERS:
        text = pattern.sub(word, text)
    return text


def seen_by_all(slack: Sandbox) -> dict[str, Any]:
    """Every channel as people see it: members, topic, pins, bookmarks, messages, reactions."""
    places = {place["name"]: _channel_state(slack, place["id"]) for place in slack.channels() if place.get("name")}
    for user in slack.users():
        try:
            direct = slack.open_dm(user["id"])
        except SlackError:
            continue
        if said := _message_states(slack, direct):
            places[f"dm {user['name']}"] = said
    files = {f"{number} {each['title']}": _content(slack, each) for number, each in enumerate(slack.files())}
    return {"places": places, "files": files}


def _content(slack: Sandbox, file: dict[str, Any]) -> list[str]:
    """The words of a file, or those that stand for a picture."""
    text = file["alt_txt"] if file["name"].endswith(".png") else slack.file_content(file["id"]).decode()
    return steady(text).splitlines()


def _channel_state(slack: Sandbox, channel: str) -> dict[str, Any]:
    return {
        "members": sorted(slack.members(channel)),
        "topic": slack.channel(channel)["topic"]["value"],
        "pins": [steady(each["text"]) for each in slack.pins(channel)],
        "messages": _message_states(slack, channel),
        "bookmarks": [each["title"] for each in slack.bookmarks(channel)],
        "canvases": [
            [each["title"], *steady(slack.canvas_content(each["id"])).splitlines()] for each in slack.canvases(channel)
        ],
    }


def _message_states(slack: Sandbox, channel: str) -> Counter[str]:
    return Counter(_message_state(each) for each in slack.messages(channel))


def _message_state(message: dict[str, Any]) -> str:
    marks = sorted((each["name"], tuple(each["users"])) for each in message.get("reactions", []))
    parts = [
        message.get("user"),
        message.get("subtype"),
        message.get("text"),
        "reply" if message.get("thread_ts") else "",
        _without_block_ids(message.get("blocks")),
        [each["name"] for each in message.get("files", [])],
        marks,
    ]
    return steady(json.dumps(parts, sort_keys=True))


def _without_block_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_block_ids(each) for key, each in value.items() if key != "block_id"}
    return [_without_block_ids(each) for each in value] if isinstance(value, list) else value


def record(session: Session) -> dict[str, Any]:
    """Rows of the database, without times and counters that depend on the run."""
    rows = session.exec(select(OutboxRow)).all()
    incidents = session.exec(select(Incident)).all()
    entries = session.exec(select(TimelineEntry)).all()
    named = {each.id: each.reference for each in incidents}
    return {
        "incidents": sorted((each.reference, each.status, each.severity, each.channel_name) for each in incidents),
        "stands": sorted(
            (sorted(slack_messages.find_all(session, each.key)), bool(each.channel_id)) for each in incidents
        ),
        "timeline": sorted((steady(each.text), str(each.kinds), bool(each.withdrawn_at)) for each in entries),
        "pages": [(each.user_id, each.outcome) for each in session.exec(select(Page))],
        "acknowledged": [each.acknowledged_by for each in session.exec(select(Escalation))],
        "drafts": len(session.exec(select(Postmortem)).all()),
        "alerts": sorted((each.name, each.status, named.get(each.incident_id)) for each in session.exec(select(Alert))),
        "acts": sorted((each.user_id or "", each.action, each.origin) for each in session.exec(select(AuditRow))),
        "timers": sorted(each.key.partition(":")[0] for each in session.exec(select(Timer))),
        "not done": [(row.kind, row.state, row.error) for row in rows if row.state != outbox.State.DONE],
        "held lanes": [lane.key for lane in session.exec(select(Lane)) if lane.owner],
    }


def same(expected: dict[str, Any], found: dict[str, Any], where: str = "") -> str:
    """Describe the differences of two results; empty if there are none."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = {**expected, **found}
        told = [same(expected.get(key), found.get(key), f"{where}/{key}") for key in keys]
        return "; ".join(each for each in told if each)
    if isinstance(expected, list) and isinstance(found, list):
        gone = [each for each in expected if each not in found]
        new = [each for each in found if each not in expected]
        if expected != found and not gone and not new:  # one of them twice, or in another order
            return f"{where}: {expected!r:.400} became {found!r:.400}"
        return "" if expected == found else f"{where}: {gone!r:.400} became {new!r:.400}"
    return "" if expected == found else f"{where}: {expected!r:.400} became {found!r:.400}"
