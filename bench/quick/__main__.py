"""Count what each act costs on both databases, and hold the counts against their budgets."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from bench.quick.acts import BUDGETS, Found, over_budget, play
from bench.quick.recorder import Counts
from bot.runtime.log import configure_logging
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.prepared_databases import make_ready
from tests.support.worlds.world import World


def chosen(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quick", description=__doc__)
    parser.add_argument(
        "--statements", metavar="ACT", choices=BUDGETS["sqlite"], help="list an act's statements by function"
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="both if not said")
    return parser.parse_args(arguments)


async def count(url: str, folder: Path) -> Mapping[str, Found]:
    async with World(url or f"sqlite:///{folder}/dogwatch.db", folder) as world:
        return await play(world)


def count_all(database: str | None) -> dict[str, Mapping[str, Found]]:
    """The acts by database, as `BUDGETS` names it."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as name:
        if database != "postgresql":
            found["sqlite"] = asyncio.run(count("", Path(name)))
        if database != "sqlite":
            with PostgresServer() as server:
                url = server.create_database()
                make_ready(url)
                found["postgresql"] = asyncio.run(count(url, Path(name)))
    return found


def print_table(found: Mapping[str, Mapping[str, Found]]) -> None:
    print("Least of several rounds; in brackets the budget. Processor time includes the local Slack's.")
    head = [each.name for each in fields(Counts)]
    print(f"{'act':<10}{'database':<12}{''.join(f'{each:>16}' for each in head)}{'processor':>12}")
    for act in BUDGETS["sqlite"]:
        for database, acts in found.items():
            pairs = zip(astuple(acts[act].counts), astuple(BUDGETS[database][act]), strict=True)
            cells = "".join(f"{f'{value} ({limit})':>16}" for value, limit in pairs)
            print(f"{act:<10}{database:<12}{cells}{acts[act].seconds * 1000:>9.0f} ms")


def print_statements(found: Mapping[str, Mapping[str, Found]], act: str) -> None:
    for database, acts in found.items():
        print(f"\n{act} ({database}): transactions {dict(acts[act].transactions)}")
        for name, times in acts[act].statements.items():
            print(f"{times:>4}  {name}")


def main() -> None:
    options = chosen(sys.argv[1:])
    configure_logging(level="ERROR")
    found = count_all(options.database)
    print_table(found)
    if options.statements:
        print_statements(found, options.statements)
    if missed := [f"{database}: {each}" for database, acts in found.items() for each in over_budget(acts, database)]:
        sys.exit("over budget:\n" + "\n".join(missed))


if __name__ == "__main__":
    main()
