"""Measure, print, and write `bench/RESULTS.md`."""

import argparse
import asyncio
import compileall
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.harness import machine
from bench.harness.figures import Figure
from bench.scenarios import BOTH, SCENARIOS
from bot.runtime.log import configure_logging
from tests.support.servers.postgres import PostgresServer, Unavailable

RESULTS = Path(__file__).parent / "RESULTS.md"
TREE = RESULTS.parent.parent
INTRODUCTION = (
    "Written by `make bench`; medians where there are several runs. Each figure is held against what was measured "
    "beside it, in the same run: only the ratios carry over to other machines. A limit is a ratio or a count."
)
FAILED = "FAILED"
HEAD = ("what", "figure", "range", "reference in the same run", "ratio", "limit", "")


def chosen(arguments: Sequence[str]) -> argparse.Namespace:
    told = "\n".join(f"  {name:<12}{scenario.what}" for name, scenario in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=f"{__doc__}\n\n{told}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], metavar="NAME", help="all, if none is named")
    parser.add_argument("--long", action="store_true", help="with those that take minutes each; else by their names")
    parser.add_argument("--runs", type=int, choices=range(1, 16), metavar="1..15", help="each scenario has its own")
    parser.add_argument("--database", choices=BOTH, help="each scenario has its own")
    return parser.parse_args(arguments)


async def measure(options: argparse.Namespace) -> tuple[dict[str, str], dict[str, list[Figure]]]:
    """The machine's facts, and the figures by scenario. Prints each scenario as it is done."""
    plan = [
        (name, database)
        for name in options.names or [name for name, each in SCENARIOS.items() if options.long or not each.is_long]
        for database in ([options.database] if options.database else SCENARIOS[name].databases)
    ]
    found: dict[str, list[Figure]] = {}
    with ExitStack() as stack:
        server = None
        if any(database == "postgresql" for _, database in plan):
            server = stack.enter_context(PostgresServer(durable=True))
        spent = 0.0
        facts = machine.facts(server.sql("SHOW server_version") if server else None)
        for name, database in plan:
            began = time.monotonic()
            runs = options.runs or SCENARIOS[name].runs
            outcome = ""
            try:
                figures = await SCENARIOS[name].measure(runs, server if database == "postgresql" else None)
            except (RuntimeError, TimeoutError) as problem:  # the others are measured all the same
                figures, outcome = [], f", {FAILED}: {problem}"
                print(f"{name} ({database}) {FAILED}: {problem}", flush=True)
            found.setdefault(name, []).extend(figures)
            _print(figures)
            seconds = time.monotonic() - began
            facts[f"{name} ({database})"] = f"{seconds:.0f} s, load {machine.load()}{outcome}"
            spent += seconds
        facts["all"] = f"{spent / 60:.1f} min"
    return facts, found


def _print(figures: Sequence[Figure]) -> None:
    for figure in figures:
        what, value, spread, reference, ratio, target, met = figure.cells()
        print(f"{what:<62} {value:>12}  {ratio:>8}  {f'{target} {met}'.strip():<26} [{spread}; {reference or '-'}]")
        for note in figure.notes:
            print(f"    {note}")
    sys.stdout.flush()


def document(facts: dict[str, str], found: dict[str, list[Figure]], command: str) -> str:
    """The results as Markdown."""
    lines = [
        "# Results",
        "",
        INTRODUCTION,
        "",
        f"- command: `{command}`",
        *(f"- {name}: {value}" for name, value in facts.items()),
    ]
    for name, figures in found.items():
        lines += ["", f"## {name}: {SCENARIOS[name].what}", "", _row(HEAD), _row(["---"] * len(HEAD))]
        lines += [_row(figure.cells()) for figure in figures]
        notes = [f"- {figure.what}: {note}" for figure in figures for note in figure.notes]
        lines += ["", *notes] if notes else []
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = chosen(sys.argv[1:])
    configure_logging(level="CRITICAL")
    for package in ("bot", "commands"):  # as an installation has them, also where Python is told to keep none
        compileall.compile_dir(TREE / package, quiet=2)
    try:
        facts, found = asyncio.run(measure(options))
    except Unavailable as problem:
        sys.exit(f"{problem}; or choose --database sqlite")
    if not options.names and not options.database:
        RESULTS.write_text(document(facts, found, " ".join(["python -m bench", *sys.argv[1:]])))
        print(f"written to {RESULTS.name}")
    missed = [figure.what for figures in found.values() for figure in figures if figure.is_met is False]
    if missed:
        print(f"missed: {'; '.join(missed)}")
    if any(FAILED in fact for fact in facts.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
