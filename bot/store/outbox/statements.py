"""
Writes of the outbox to several tables that belong together.

On PostgreSQL they are one statement, because each one is a way to the server and back, and others wait for the locks
meanwhile. SQLite writes one table a statement.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, case, or_, text, update
from sqlmodel import Session

from bot.store.database.tables import dialect_of, insert_for
from bot.store.database.transaction_state import take_deferred
from bot.store.outbox.models import IS_WAITING_VIEW, LANES, RATE_LIMITS, ROWS, Lane, OutboxRow, State

COUNTING = (
    update(RATE_LIMITS)
    .where(RATE_LIMITS.c.key == bindparam("gate"))
    .values(arrival_at=bindparam("at"), recent=bindparam("calls", type_=RATE_LIMITS.c.recent.type))
)
STARTING = (
    update(ROWS)
    .where(ROWS.c.id == bindparam("row_id"))
    .values(state=State.RUNNING.value, attempts=bindparam("tries"), first_attempt_at=bindparam("first_at"))
)
LEASING = (
    update(LANES)
    .where(LANES.c.key == bindparam("lane"))
    .values(owner=bindparam("new_owner"), lease_until=bindparam("until"), due_at=bindparam("due"))
)
STARTING_TOGETHER = text("""
    WITH counted AS (
        UPDATE rate_limit SET arrival_at = new.at, recent = new.calls
        FROM json_to_recordset(CAST(:limits AS json)) AS new(gate text, at timestamptz, calls json)
        WHERE rate_limit.key = new.gate
    ), started AS (
        UPDATE outbox SET state = 'running', attempts = new.tries, first_attempt_at = new.first_at
        FROM json_to_recordset(CAST(:rows AS json)) AS new(row_id integer, tries integer, first_at timestamptz)
        WHERE outbox.id = new.row_id
    )
    UPDATE lane SET owner = new.new_owner, lease_until = new.until, due_at = new.due
    FROM json_to_recordset(CAST(:lanes AS json))
        AS new(lane text, new_owner text, until timestamptz, due timestamptz)
    WHERE lane.key = new.lane
""")
"""The caller holds the lanes and the limits: the order of the three does not matter."""
QUEUEING_TOGETHER = text("""
    WITH held AS (
        INSERT INTO lane (key, is_open, priority, due_at)
        SELECT new.key, new.is_open, new.priority, new.due_at
        FROM json_to_recordset(CAST(:lanes AS json))
            AS new(key text, is_open boolean, priority integer, due_at timestamptz)
        ORDER BY new.key COLLATE "C"
        ON CONFLICT (key) DO UPDATE
            SET due_at = least(lane.due_at, excluded.due_at), priority = excluded.priority
        RETURNING key
    ), noted AS (
        INSERT INTO audit (at, team_id, incident_id, user_id, action, origin, details)
        SELECT new.at, new.team_id, new.incident_id, new.user_id, new.action, new.origin, CAST(new.details AS json)
        FROM json_to_recordset(CAST(:actions AS json)) AS new(
            at timestamptz, team_id text, incident_id integer, user_id text, action text, origin text, details text
        )
    )
    INSERT INTO outbox (
        uuid, team_id, incident_id, lane, kind, target, details, progress, state, attempts, unanswered_attempts,
        defects, waits_for_slack, not_before, created_at, request_id
    )
    SELECT
        new.uuid, new.team_id, new.incident_id, new.lane, new.kind, new.target, CAST(new.details AS json), '{}',
        'waiting', 0, 0, 0, false, new.not_before, new.created_at, new.request_id
    FROM ROWS FROM (
        json_to_recordset(CAST(:rows AS json)) AS (
            uuid text, team_id text, incident_id integer, lane text, kind text, target text, details text,
            not_before timestamptz, created_at timestamptz, request_id text
        )
    ) WITH ORDINALITY AS new(
        uuid, team_id, incident_id, lane, kind, target, details, not_before, created_at, request_id, place
    )
    JOIN held ON held.key = new.lane
    ORDER BY new.place
    ON CONFLICT (target) WHERE target IS NOT NULL AND state = 'waiting' DO NOTHING
""")
"""
Sorting the rows, which are joined to the lanes, makes the server write all lanes before the first row.

Rows of the audit log that wait for the commit go along.
"""


def write_start(
    session: Session, limits: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], lanes: Sequence[dict[str, Any]]
) -> None:
    """
    Count calls, mark rows as running, and lease or release lanes.

    The caller has locked limits and lanes.
    """
    if dialect_of(session) == "postgresql":
        session.execute(STARTING_TOGETHER, {"limits": _text(limits), "rows": _text(rows), "lanes": _text(lanes)})
        return
    for statement, values in ((COUNTING, limits), (STARTING, rows), (LEASING, lanes)):
        if values:
            session.execute(statement, values)


def write_rows(session: Session, lanes: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> None:
    """
    Make lanes due, and add rows, except for a view that waits already.

    A lane that is due already keeps the earlier time. `lanes` are written first, in their order: while a lane is held
    nobody takes a waiting view from it, so one that waits will show this change too. One lane may be there once.
    """
    if dialect_of(session) == "postgresql":
        # As text within the text: the server unescapes the strings of values that are JSON, too.
        told, actions = (
            _text([{**row, "details": json.dumps(row["details"])} for row in some])
            for some in (rows, take_deferred(session, "audit"))
        )
        session.execute(QUEUEING_TOGETHER, {"lanes": _text(lanes), "rows": told, "actions": actions})
        return
    session.execute(_due(), lanes)
    session.execute(_adding(), rows)


@cache
def _due() -> Executable:
    due_at, lane = LANES.c.due_at, insert_for("sqlite", Lane)
    sooner = case((or_(due_at.is_(None), due_at > lane.excluded.due_at), lane.excluded.due_at), else_=due_at)
    return lane.on_conflict_do_update(
        index_elements=["key"], set_={"due_at": sooner, "priority": lane.excluded.priority}
    )


@cache
def _adding() -> Executable:
    return insert_for("sqlite", OutboxRow).on_conflict_do_nothing(
        index_elements=["target"], index_where=text(IS_WAITING_VIEW)
    )


def _text(values: Sequence[dict[str, Any]]) -> str:
    return json.dumps(values, default=datetime.isoformat)
