"""
`dogwatch explain --alert`: the effect of a body, as JSON.

Read-only; may run beside a running bot.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.events import Batch
from bot.domain.errors import UserError, did_you_mean
from bot.services.alerts.preview import AlertPreview, AlertState, OpeningPreview, preview_batch
from bot.services.web_pages.alerts import PreviewPage, load_preview
from bot.services.web_pages.oncall import PolicyLevels
from bot.sources import SOURCES, Malformed, Source, find_source
from bot.store.database.migrate import require_current
from bot.store.database.session import DatabaseUnavailable, open_database
from bot.store.incidents import installations
from bot.store.incidents.visibility import Visibility

STANDARD_INPUT = "-"


async def explain_alert(settings: Settings, file: str, source: str, now: datetime) -> dict[str, Any]:
    """
    Return the effect that the body in the file would have at `now`.

    `{"source", "alerts", "truncated", "opens", "state"}`, or `{"refused", "field"}` for a body that is refused.
    Raises UserError if the file cannot be read, or if there is no such source.
    """
    kind = _require_source(settings, source)
    try:
        batch = kind.parse_body(_read_body(file), now)
    except Malformed as problem:
        return {"refused": problem.message, "field": problem.field}
    try:
        page, state = await _load(settings, batch, now), "read"
    except (UserError, DatabaseUnavailable) as problem:
        page = PreviewPage(preview_batch(settings, batch, AlertState(), now), {})
        state = f"unknown, so known alerts, incidents and maintenance windows were left out: {problem}"
    return {
        "source": source,
        "alerts": [_alert_fields(each) for each in page.batch.alerts],
        "truncated": page.batch.truncated,
        "opens": [_opening_fields(each, page.policies.get(each.policy or "")) for each in page.batch.openings],
        "state": state,
    }


def _require_source(settings: Settings, name: str) -> Source:
    found = find_source(name, settings.alerts)
    if found is None:
        known = (*SOURCES, *settings.alerts.sources)
        guess = did_you_mean(name, known)
        raise UserError(f"There is no alert source {name!r}.{guess} Use one of {', '.join(sorted(known))}.")
    return found


def _read_body(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise UserError(f"{file} cannot be read: {problem.strerror}. Check its path.") from problem


async def _load(settings: Settings, batch: Batch, now: datetime) -> PreviewPage:
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        return await database.read(_load_known, settings, batch, now)
    finally:
        await database.close()


def _load_known(session: Session, settings: Settings, batch: Batch, now: datetime) -> PreviewPage:
    """Raises UserError before the first connection to Slack: nothing can be known."""
    installation = installations.find_installation(session)
    if installation is None:
        raise UserError("Dogwatch has not reached Slack yet.")
    return load_preview(session, settings, Visibility(installation.team_id), batch, now)


def _alert_fields(preview: AlertPreview) -> dict[str, Any]:
    event, routing = preview.event, preview.routing
    return {
        "name": event.name,
        "status": event.status.value,
        "starts_at": event.starts_at.isoformat(),
        "precision": event.starts_at_precision.value,
        "ends_at": event.ends_at.isoformat() if event.ends_at else None,
        "fingerprint": event.fingerprint,
        "group": event.group,
        "labels": dict(event.labels),
        "annotations": dict(event.annotations),
        "link": event.generator_url,
        "service": routing.service,
        "severity": routing.severity.value,
        "route": routing.why,
        "action": routing.action.value,
        "resolution": routing.resolution,
        "grouped_by": routing.label_group.text if routing.label_group else None,
        "flapping": preview.is_flapping,
        "outcome": f"This alert {preview.outcome.value}.",
        "incident": preview.incident[0] if preview.incident else None,
    }


def _opening_fields(opening: OpeningPreview, levels: PolicyLevels | None) -> dict[str, Any]:
    return {
        "title": opening.title,
        "severity": opening.severity.value,
        "services": list(opening.services),
        "policy": opening.policy,
        "pages": [list(targets) for _, targets in levels.levels] if levels else [],
    }
