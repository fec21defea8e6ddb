"""Entry point of `dogwatch`, which handles SIGTERM before the rest is loaded."""

import gc
import signal
import sys

SIGTERM_EXIT_CODE = 128 + signal.SIGTERM


def main() -> None:
    """Exit at SIGTERM from the start: process 1 of a container would ignore it by default."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(SIGTERM_EXIT_CODE))
    gc.disable()  # until the command runs: looking through what is imported takes a fifth of the start
    from bot.cli.main import run_cli  # noqa: PLC0415  that takes a second

    run_cli()


if __name__ == "__main__":
    main()
