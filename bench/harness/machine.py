"""What the figures were taken on: they say nothing without it."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]


def facts(postgres: str | None) -> dict[str, str]:
    """Name to value, in the order in which they are told. `postgres`: the server's version, None where none ran."""
    system = f"{platform.system()} {platform.release()}"
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {_memory():.1f} GB, {system}",
        "load before": load(),
        "Python": platform.python_version(),
        "SQLite": f"{sqlite3.sqlite_version}, WAL, synchronous=FULL",
        "PostgreSQL": f"{postgres}, fsync on" if postgres else "not measured",
        "libraries": ", ".join(
            f"{name} {version(name)}" for name in ("aiohttp", "slack-bolt", "sqlalchemy", "sqlmodel")
        ),
    }


def load() -> str:
    """How many processes wanted to run: above the number of cores, the figures are too low."""
    return f"{os.getloadavg()[0]:.2f} (mean of a minute)"


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "bot", "commands", "migrations", "templates")
    return git("rev-parse", "--short", "HEAD") + (" with changes that are not committed" if changed else "")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
