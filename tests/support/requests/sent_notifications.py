"""Notifications of a real Alertmanager, sent to the bot, and their effects."""

from pathlib import Path
from typing import Any

from sqlmodel import select

from bot.store.alerts.alerts import Alert
from tests.support.requests.notifications import Notifications
from tests.support.worlds.world import World

SINGLE, THREE = "01-firing-single", "02-firing-grouped-three"
ONE_ENDED, ALL_ENDED, AGAIN = "03-mixed-one-resolved", "04-resolved-all", "05-flap-refiring"
PROMETHEUS = "http://prometheus.example.test:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"


def samples(world: World, conformance: Path, anchor: str) -> Notifications:
    return Notifications(conformance / "alerts", anchor=anchor, at=world.now)


async def sends(world: World, payload: Any, *, source: str = "alertmanager") -> dict[str, Any]:
    """Send a notification, and let the bot finish."""
    status, answer = await world.posts(source, payload)
    assert status == 200, answer
    await world.finish()
    return dict(answer)


async def alerts_kept(world: World) -> list[Alert]:
    def read(session: Any) -> list[Alert]:
        return list(session.exec(select(Alert).order_by(Alert.id)))

    return await world.bot.database.read(read)


async def kinds(world: World, reference: str = "INC-1") -> list[str]:
    return [entry["kinds"][0] for entry in await world.timeline(reference)]


def without_last_seen(whole: dict[str, Any]) -> dict[str, Any]:
    """The record without the times at which its alerts were last seen."""
    alerts = [{key: value for key, value in each.items() if key != "last_seen_at"} for each in whole["alerts"]]
    return {**whole, "alerts": alerts}


def messages_with(world: World, words: str, channel: str | None = None) -> list[str]:
    """The bot's messages in the channel that contain these words."""
    return [text for text in world.texts(channel) if words in text]
