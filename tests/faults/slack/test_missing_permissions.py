"""Several replicas find the same thing missing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from bot.domain.slack_app.missing_permissions import MissingPermission
from bot.domain.slack_app.scopes import BY_SCOPE
from bot.services.outbox import OutboxKind
from bot.services.workspace.installation import save_installation
from bot.services.workspace.missing_permissions import list_missing, report_missing
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.outbox.inspection import find_pending

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LACKS = [
    MissingPermission(BY_SCOPE["pins:write"]),
    MissingPermission(BY_SCOPE["users:read"]),
    MissingPermission(BY_SCOPE["pins:write"], "paid_only"),
]


async def test_what_two_replicas_find_at_once_is_told_once(database_url: str) -> None:
    database = open_database(database_url)
    try:
        await migrate(database)
        assert await database.run(report_missing, LACKS, AT) == [], "nobody knows yet whose workspace it is"
        await database.run(
            save_installation, team_id="T1", team_name="Harbour", url="", bot_user_id="U1", bot_id="B1", at=AT
        )

        both = await asyncio.gather(*(database.run(report_missing, LACKS, AT) for _ in range(8)))

        assert sorted(each.key for new in both for each in new) == sorted(each.key for each in LACKS)
        rows = await database.read(lambda session: find_pending(session, 100))
        told: list[Any] = [row for row in rows if row.kind == OutboxKind.MISSING_PERMISSIONS]
        assert len(told) == sum(bool(new) for new in both)
        assert {each.key for each in await database.read(list_missing)} == {each.key for each in LACKS}
    finally:
        await database.close()
