"""Run the sandbox alone: `python -m bot.sandbox`."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.sandbox.server import Sandbox


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port; 0: any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="folder for the workspace; without it nothing is saved")
    parser.add_argument("--empty", action="store_true", help="start without people and channels")
    parser.add_argument("--print-json", action="store_true", help="print addresses, tokens and secret as one JSON line")
    parser.add_argument("--answer-seconds", type=float, default=3.0, help="time limit for an app's answer")
    parser.add_argument(
        "--retry-seconds", type=float, nargs="*", default=[0, 60, 300], help="delay before each retry of an event"
    )
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    sandbox = Sandbox(
        state=options.state,
        seed=not options.empty,
        host=options.host,
        answer_seconds=options.answer_seconds,
        retry_delays=tuple(options.retry_seconds),
    )
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await sandbox.start(options.port)
    said = json.dumps(sandbox.info()) if options.print_json else f"The sandbox is at {sandbox.page_url}"
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()
    await end.wait()
    await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(serve(parse_arguments(sys.argv[1:])))
