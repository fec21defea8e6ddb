"""Missing scopes and plan features: stored, and reported once."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel import Session

from bot.domain.slack_app.missing_permissions import MISSING_SCOPE, MissingPermission
from bot.domain.slack_app.scopes import missing_scopes
from bot.services import outbox
from bot.store.incidents import installations
from bot.store.shared import missing_permissions
from bot.store.shared.missing_permissions import MissingPermissionRow


def report_missing(session: Session, found: Iterable[MissingPermission], at: datetime) -> list[MissingPermission]:
    """
    Store what is missing and queue its report. Returns the new ones.

    Empty before the workspace is known.
    """
    known = installations.find_installation(session)
    if known is None:
        return []
    team_id = known.team_id
    new = [
        each
        for each in found
        if missing_permissions.insert_once(
            session, MissingPermissionRow(team_id=team_id, key=each.key, first_seen_at=at, detail=each.error_code)
        )
    ]
    if new:
        outbox.post_missing_permissions(session, team_id, at, [each.key for each in new])
    return new


def refresh_missing_scopes(session: Session, scopes: Collection[str], at: datetime) -> list[MissingPermission]:
    """At a start: store missing scopes, forget the granted ones. Returns the new ones."""
    known = installations.find_installation(session)
    lacking = [MissingPermission(each) for each in missing_scopes(scopes)]
    if known is not None:
        still = {each.key for each in lacking}
        kept = [each.key for each in missing_permissions.find_all(session, known.team_id)]
        gone = [key for key in kept if key.startswith(f"{MISSING_SCOPE}:") and key not in still]
        missing_permissions.delete_reported(session, known.team_id, gone)
    return report_missing(session, lacking, at)


def list_missing(session: Session) -> list[MissingPermission]:
    """Missing scopes and features, the oldest first."""
    known = installations.find_installation(session)
    return _parse_notices(missing_permissions.find_all(session, known.team_id)) if known else []


def list_unreported(session: Session, team_id: str, keys: Collection[str]) -> list[MissingPermission]:
    """Permissions of `keys` that are still missing and were not reported."""
    return _parse_notices(
        each for each in missing_permissions.find_all(session, team_id) if each.key in keys and each.reported_at is None
    )


def mark_reported(session: Session, team_id: str, keys: Collection[str], at: datetime) -> None:
    missing_permissions.mark_reported(session, team_id, keys, at)


def _parse_notices(found: Iterable[MissingPermissionRow]) -> list[MissingPermission]:
    return [missing for each in found if (missing := MissingPermission.from_key(each.key, each.detail)) is not None]
