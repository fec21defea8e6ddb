"""Several replicas find the same thing missing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from bot.domain.slack_app.scopes import BY_SCOPE, Lack
from bot.services.outbox import What
from bot.services.workspace import installation as workspace
from bot.services.workspace import missing_permissions as notices
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.outbox.inspection import waiting

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LACKS = [Lack(BY_SCOPE["pins:write"]), Lack(BY_SCOPE["users:read"]), Lack(BY_SCOPE["pins:write"], "paid_only")]


async def test_what_two_replicas_find_at_once_is_told_once(database_url: str) -> None:
    database = open_database(database_url)
    try:
        await migrate(database)
        assert await database.run(notices.lacks, LACKS, AT) == [], "nobody knows yet whose workspace it is"
        await database.run(
            workspace.installed, team_id="T1", team_name="Harbour", url="", bot_user_id="U1", bot_id="B1", at=AT
        )

        both = await asyncio.gather(*(database.run(notices.lacks, LACKS, AT) for _ in range(8)))

        assert sorted(each.key for new in both for each in new) == sorted(each.key for each in LACKS)
        rows = await database.read(lambda session: waiting(session, 100))
        told: list[Any] = [row for row in rows if row.what == What.NOTICE]
        assert len(told) == sum(bool(new) for new in both)
        assert {each.key for each in await database.read(notices.standing)} == {each.key for each in LACKS}
    finally:
        await database.close()
