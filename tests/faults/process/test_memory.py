"""Memory of large values is returned when they are freed, and nothing that takes long keeps the interpreter."""

import platform
import subprocess
import sys

import pytest

GROWTH = """
import os
from bot.runtime.memory import limit_heaps

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

{call}
before = resident()
for _ in range(3):
    picture = bytearray(os.urandom(1024)) * 16_000
    del picture
picture = bytearray(os.urandom(1024)) * 16_000
texts = [bytes(2000) for _ in range(500)]
del picture
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
@pytest.mark.parametrize(("call", "is_returned"), [("limit_heaps()", True), ("", False)])
def test_a_freed_picture_is_returned_to_the_system(call: str, is_returned: bool) -> None:
    """Without the call the small values behind the last picture hold its place."""
    run = subprocess.run(
        [sys.executable, "-c", GROWTH.format(call=call)], capture_output=True, text=True, check=True, timeout=60
    )

    assert (float(run.stdout) < 8) is is_returned, run.stdout


FULL_COLLECTIONS = """
import gc
from bot.runtime.memory import collect_rarely

loaded = [[number] for number in range(200_000)]
collect_rarely()
before = gc.get_stats()[2]["collections"]
entries = [[number] for number in range(300_000)]
print(gc.get_freeze_count() >= 200_000, gc.get_stats()[2]["collections"] - before)
"""


def test_a_long_page_is_built_without_looking_at_every_object() -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_COLLECTIONS], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.split() == ["True", "0"]


TURNS = """
import sys
from bot.cli.main import run_cli

usual = sys.getswitchinterval()
sys.argv = ["dogwatch", "serve", "--help"]
run_cli()
print(usual / sys.getswitchinterval())
"""


def test_threads_of_the_bot_take_turns_often() -> None:
    run = subprocess.run([sys.executable, "-c", TURNS], capture_output=True, text=True, check=True, timeout=60)

    assert float(run.stdout.split()[-1]) >= 5, run.stdout
