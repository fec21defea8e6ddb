"""What `dogwatch` runs: it can be told to stop before the rest of it is even loaded."""

import signal
import sys

ENDED_BY_SIGTERM = 128 + signal.SIGTERM


def main() -> None:
    """As process 1 of a container it would not hear SIGTERM while it is loaded, and be killed half a minute later."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(ENDED_BY_SIGTERM))
    from bot.cli.main import main as run_cli  # noqa: PLC0415  that takes a second

    run_cli()


if __name__ == "__main__":
    main()
