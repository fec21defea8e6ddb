"""A log that nobody reads, or that cannot be written, holds up no work."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from bot.runtime import metrics
from bot.runtime.log_output import LogOutput

PIPE_BYTES = 4 * 4096


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with os.fdopen(writer, "w") as stream:
        yield reader, stream


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO})


def count_lost() -> float:
    return metrics.REGISTRY.get_sample_value("dogwatch_log_lines_lost_total") or 0.0


def test_lines_are_lost_while_nobody_reads_and_counted(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    output, before, began = LogOutput(stream), count_lost(), time.monotonic()

    for number in range(500):
        output.handle(record(f"line {number} {'x' * 100}"))

    assert time.monotonic() - began < 5
    lost = count_lost() - before
    kept = os.read(reader, 2 * PIPE_BYTES).decode().splitlines()
    assert lost > 300
    output.handle(record("it is read again"))
    assert os.read(reader, 2 * PIPE_BYTES).decode().splitlines() == [f"{lost:.0f} log lines lost", "it is read again"]
    assert [line.split()[1] for line in kept[:3]] == ["0", "1", "2"]
    os.close(reader)


def test_a_line_longer_than_the_pipe_ends(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    before = count_lost()

    LogOutput(stream).handle(record("x" * 10 * PIPE_BYTES))

    assert count_lost() == before + 1
    os.close(reader)


def test_a_reader_that_left_is_no_error(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.close(reader)
    before = count_lost()

    LogOutput(stream).handle(record("to nobody"))

    assert count_lost() == before + 1


def test_a_full_disk_is_no_error() -> None:
    before = count_lost()
    with Path("/dev/full").open("w") as stream:
        LogOutput(stream).handle(record("to nowhere"))

    assert count_lost() == before + 1
