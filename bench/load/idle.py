"""B6 and B7: what a start takes, what the bot holds while nothing happens, and what single commands take from cold."""

import asyncio
from statistics import median

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import STACK, importing, libraries_held, processor_seconds
from bench.harness.stage import Stage, prepared
from tests.support.servers.postgres import PostgresServer

REST = 5.0
"""Seconds after which a bot that nobody asks anything is at rest."""
RULES_TEST = "tests/rules/command/test_tokenizer.py"
COMMANDS = {
    "importing the whole bot": ("-c", "import bot.app"),
    "`dogwatch explain`": ("-m", "bot", "explain", "start checkout is down sev:2"),
    "`dogwatch export` of one incident": ("-m", "bot", "export", "INC-1"),
    "a test of a rule": ("-m", "pytest", "-q", "-p", "no:cacheprovider", RULES_TEST),
}


async def starting(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Until `/readyz` says yes, on a database that it knows: processor time, which other work hardly moves."""
    used, taken, floor = [], [], []
    async with prepared(server) as (_sandbox, place, bot):
        await bot.start()
        await bot.stop()
        for _ in range(runs):
            floor.append(await asyncio.to_thread(processor_seconds, "-c", STACK))
            taken.append(await bot.start())
            used.append(bot.worked())
            await bot.stop()
    reference = Reference("importing its libraries", median(floor))
    return [
        Figure("start to ready: processor time", "s", used, place.name, reference, Target(1.4, of_ratio=True)),
        Figure("start to ready", "s", taken, place.name),
    ]


async def memory(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Resident memory, a few seconds after the start."""
    held, floor = [], []
    async with prepared(server) as (_sandbox, place, bot):
        await bot.start()
        await bot.stop()
        for _ in range(runs):
            floor.append(await libraries_held())
            await bot.start()
            await asyncio.sleep(REST)
            held.append(bot.memory())
            await bot.stop()
    reference = Reference("a process with its libraries", median(floor))
    return [Figure("memory at rest", "MB", held, place.name, reference, Target(1.15, of_ratio=True))]


async def commands(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Processor time of single commands, the interpreter's start included."""
    async with prepared(server) as (sandbox, place, bot):
        await bot.start()
        await sandbox.deliver_by_http(url=f"http://127.0.0.1:{bot.port}/slack/events")
        stage = Stage(sandbox, place, bot)
        await stage.send([stage.declaration("checkout is down")])
        await stage.quiet(0.5)
        await bot.stop()
        found: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(runs):
            for name, arguments in COMMANDS.items():
                found[name].append(await asyncio.to_thread(processor_seconds, *arguments, environment=bot.environment))
    reference = Reference("importing its libraries", await importing(runs))
    return [
        Figure(
            name, "s", seconds, None, reference, None if name.startswith("importing") else Target(0.9, of_ratio=True)
        )
        for name, seconds in found.items()
    ]
