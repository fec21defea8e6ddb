"""
The process in which vendors' pages are computed.

It reads jobs from standard input and writes their results to standard output, each with its length before it. It ends
with its input. Nothing in it knows a secret or a database.
"""

import os
import pickle
import signal
import sys
import traceback
from typing import BinaryIO

from bot.engine.vendors import look
from bot.feeds import FeedError

HEADER = 8
NICENESS = 10
"""Other work goes first."""
DONE, REFUSED, FAILED = "done", "refused", "failed"
WARM = (look.compare_answers, look.describe_answer)
"""The jobs: imported before the first one comes."""


def main() -> None:
    """Work until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    jobs, results = sys.stdin.buffer, sys.stdout.buffer
    while (header := jobs.read(HEADER)) and len(header) == HEADER:
        answer = run_job(jobs.read(int.from_bytes(header)))
        _write(results, answer)


def run_job(job: bytes) -> bytes:
    """Run a job, and say how it ended."""
    try:
        work, arguments = pickle.loads(job)  # noqa: S301  from the bot, which started this process
        ended = (DONE, work(*arguments))
    except FeedError as problem:
        ended = (REFUSED, str(problem))
    except Exception:  # noqa: BLE001  raised again by the bot, with its traceback
        ended = (FAILED, traceback.format_exc())
    return pickle.dumps(ended)


def _write(stream: BinaryIO, answer: bytes) -> None:
    stream.write(len(answer).to_bytes(HEADER))
    stream.write(answer)
    stream.flush()


if __name__ == "__main__":
    main()
