"""
Schedules for tests, and what people see of them.

Tests start on Monday, 2 March 2026, 15:00 in Paris. On call for payments: U0ENGINEER, then U0ONCALL, then U0DBA.
"""

from tests.support.worlds.world import World, rendered

WEEKS = """
[schedules.payments]
zone = "Europe/Paris"
handover_channel = "ops"
[[schedules.payments.layers]]
people = ["U0ONCALL", "U0DBA", "U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
"""
PLATFORM = """
[schedules.platform]
zone = "America/New_York"
[[schedules.platform.layers]]
people = [["U0OPERATOR", "U0DBA"]]
starts = "2026-03-02 09:00"
every = "week"
length = "3 days"
"""
POLICY = """
[services.checkout]
policy = { SEV1 = "pay" }
[policies.pay]
[[policies.pay.levels]]
targets = ["schedule:payments"]
[[policies.pay.levels]]
targets = ["U0MANAGER"]
wait = 10
"""


def direct(world: World, user: str) -> list[str]:
    """The bot's direct messages to one person."""
    return [rendered(each) for each in world.sandbox.messages(world.sandbox.open_dm(user)) if each.get("bot_id")]


def ops_messages(world: World) -> list[str]:
    return [rendered(each) for each in world.sandbox.messages("ops") if each.get("bot_id")]


def answers(world: World, user: str) -> list[dict]:
    return world.sandbox.ephemerals(user, "ops")


async def types(world: World, user: str, text: str) -> str:
    """The reply with the text of its blocks."""
    known = len(answers(world, user))
    await world.types(user, f"/incident oncall {text}".rstrip(), "ops")
    return rendered(answers(world, user)[known])
