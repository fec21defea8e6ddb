"""Subprocesses that end: limits of processor time and memory, no environment, no files."""

import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import {name}; {name}({cpu})"


def command_line(main: Callable[[int], None], cpu: int) -> list[str]:
    """Command that calls a function of a module. `cpu`: its argument, for `set_limits`."""
    path = [str(Path(each).absolute()) for each in sys.path]
    program = _PROGRAM.format(path=path, module=main.__module__, name=main.__name__, cpu=cpu)
    return [sys.executable, "-I", "-c", program]


def set_limits(cpu: int, memory: int) -> None:
    """
    Limit this process to `cpu` more seconds and `memory` bytes of address space.

    If the machine or container runs out of memory before, the kernel ends this process, not the bot.
    """
    with suppress(OSError):  # it is Linux that has it
        Path("/proc/self/oom_score_adj").write_text("1000")
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu, used + cpu + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # which cannot limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def is_beyond_limits(returncode: int) -> bool:
    return -returncode in {signal.SIGXCPU, signal.SIGKILL}
