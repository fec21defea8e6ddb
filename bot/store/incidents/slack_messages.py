"""Messages, canvas and bookmarks in Slack that show an incident's present state."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from sqlalchemy import Insert
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, dialect_of, insert_for, is_any_of
from bot.store.database.transaction_state import insert_before_commit, transaction_state, write_deferred
from bot.store.incidents.incidents import Incident


class SlackView(StrEnum):
    """The view of an incident that a message shows."""

    CARD = "card"
    ANNOUNCEMENT = "announcement"
    FOLLOWUPS = "followups"
    ALERTS = "alerts"
    RESOLUTION = "resolution"
    TOPIC = "topic"
    CANVAS = "canvas"
    SIMILAR = "similar"


BOOKMARK = "bookmark "
"""Beginning of the view of a bookmark; its purpose follows."""
DIRECT = "direct "
"""Beginning of the view of a direct message with words of the incident; its place follows."""


class SlackMessage(StoredRow, table=True):
    """
    Place of a view of an incident in Slack, one row a view.

    `ts` is a message's ts, the id of the canvas, or the id of a bookmark; empty for the topic. `digest`: of the topic
    that was set, or of the canvas's content as Slack returned it; None where it returned nothing, empty once people may
    have edited it and got a message about it.
    """

    __tablename__ = "slack_message"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    view: str = Field(primary_key=True)
    channel_id: str | None = None
    ts: str
    digest: str | None = None


OF_INCIDENTS = select(SlackMessage).where(is_any_of(col(SlackMessage.incident_id), "ids"))


def find_all(session: Session, incident_id: int) -> Mapping[str, SlackMessage]:
    """
    All rows of an incident by their view.

    They are queried with those of all locked and shown incidents.
    """
    state = transaction_state(session)
    known = state.slack_messages
    if incident_id not in known:
        write_deferred(session)
        wanted = {incident_id, *state.locked_incidents, *state.shown_incidents} - known.keys()
        known |= {key: {} for key in wanted}
        for row in session.exec(OF_INCIDENTS, params={"ids": sorted(wanted)}):
            known[row.incident_id][row.view] = row
    return known[incident_id]


def find_ts(session: Session, incident_id: int, view: SlackView) -> str | None:
    """None if it was not posted."""
    row = find_all(session, incident_id).get(view)
    return row.ts if row else None


def find_digest(session: Session, incident_id: int, view: SlackView) -> str | None:
    """None if it was not posted, or has no digest."""
    row = find_all(session, incident_id).get(view)
    return row.digest if row else None


def is_posted(session: Session, incident: Incident, view: SlackView) -> bool:
    return find_ts(session, incident.key, view) is not None


def save(
    session: Session,
    incident: Incident,
    view: str,
    ts: str,
    *,
    digest: str | None = None,
    channel_id: str | None = None,
) -> None:
    """Store where a view was posted; without `channel_id` in the incident's channel."""
    channel_id = channel_id or incident.channel_id
    rows = transaction_state(session).slack_messages.get(incident.key)
    if rows is None:  # nothing was read that would be outdated
        place = {"incident_id": incident.key, "view": view, "channel_id": channel_id}
        insert_before_commit(session, _putting(dialect_of(session)), {**place, "ts": ts, "digest": digest})
        return
    row = rows.get(view) or SlackMessage(incident_id=incident.key, view=view, ts=ts)
    row.ts, row.channel_id, row.digest = ts, channel_id, digest
    session.add(row)
    transaction_state(session).slack_messages[incident.key] = {**rows, view: row}


def save_direct(session: Session, incident: Incident, channel_id: str, ts: str) -> None:
    """Store where a direct message with words of the incident was posted."""
    save(session, incident, f"{DIRECT}{channel_id} {ts}", ts, channel_id=channel_id)


def find_direct(session: Session, incident: Incident) -> list[SlackMessage]:
    """Direct messages with words of the incident."""
    return [row for view, row in find_all(session, incident.key).items() if view.startswith(DIRECT)]


@cache
def _putting(dialect: str) -> Insert:
    row = insert_for(dialect, SlackMessage)
    values = {name: row.excluded[name] for name in ("channel_id", "ts", "digest")}
    return row.on_conflict_do_update(index_elements=["incident_id", "view"], set_=values)


def delete(session: Session, incident: Incident, view: SlackView) -> None:
    """Delete the row of a view. Its message stays unchanged."""
    rows = dict(find_all(session, incident.key))
    row = rows.pop(view, None)
    if row is not None:
        session.delete(row)
        session.flush()
        transaction_state(session).slack_messages[incident.key] = rows


def bookmark_ids(session: Session, incident: Incident) -> dict[str, str]:
    """Bookmark ids in the present channel, by purpose; empty for one that people removed."""
    return {
        view.removeprefix(BOOKMARK): row.ts
        for view, row in find_all(session, incident.key).items()
        if view.startswith(BOOKMARK) and row.channel_id == incident.channel_id
    }


def delete_of_channel(session: Session, incident: Incident) -> None:
    """Delete all views in the channel that the incident leaves; those elsewhere stay."""
    rows = find_all(session, incident.key)
    elsewhere = {view: row for view, row in rows.items() if view == SlackView.ANNOUNCEMENT or view.startswith(DIRECT)}
    for view, row in rows.items():
        if view not in elsewhere:
            session.delete(row)
    session.flush()
    transaction_state(session).slack_messages[incident.key] = elsewhere
