"""
Templates of the operator's own, rendered in a process of their own.

A sandbox keeps a template from the bot's insides, but not from running for ever or from filling the memory: macros call
themselves, texts double. So the process has a limit of time and memory and no environment, may write no file, and what
it is handed is the draft and nothing else.
"""

import io
import json
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

from jinja2.exceptions import SecurityError

from bot.domain.drafting.model import Draft
from bot.domain.errors import UserError
from bot.templating.render import BrokenTemplate, render_documents

CPU_SECONDS = 5
"""Of processor time, for all languages of a draft together."""
WALL_SECONDS = 10.0
"""For a machine that has little time to give. Whoever posts the draft holds a lease that is longer."""
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space: what Python takes for itself, and ten times what a long draft needs."""

_PROGRAM = "import sys; sys.path[:] = {path!r}; from bot.templating.subprocess_render import main; main({cpu})"


def render_apart(draft: Draft, *, template: str, folders: Sequence[Path], cpu: int = CPU_SECONDS) -> dict[str, str]:
    """
    As `render_documents`, in all languages that the draft has, and raises the same. `cpu` are seconds.

    It waits for the other process: on a running bot call it in a thread.
    """
    asked = _packed((draft, template, [str(folder.absolute()) for folder in folders]))
    program = _PROGRAM.format(path=[str(Path(each).absolute()) for each in sys.path], cpu=cpu)
    try:
        done = subprocess.run(  # noqa: S603  the interpreter that runs this, and a program of ours
            [sys.executable, "-I", "-c", program],
            input=asked,
            capture_output=True,
            env={},
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise BrokenTemplate(template, None, f"It runs longer than {WALL_SECONDS:g} seconds.") from late
    return _told(done, template, cpu)


def _told(done: "subprocess.CompletedProcess[bytes]", template: str, cpu: int) -> dict[str, str]:
    if -done.returncode in {signal.SIGXCPU, signal.SIGKILL}:
        raise BrokenTemplate(template, None, f"It takes more than {cpu} seconds or too much memory.")
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BrokenTemplate(template, None, f"It could not be rendered: {''.join(last) or done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    if "broken" in told:
        raise BrokenTemplate(*told["broken"])
    if "refused" in told:
        raise UserError(told["refused"])
    return dict(told["documents"])


def _unchangeable(values: dict[str, str]) -> MappingProxyType[str, str]:
    """The type has no name of its own by which another process could find it."""
    return MappingProxyType(values)


class _Pickler(pickle.Pickler):
    """Knows the one type of a draft that pickle does not."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _unchangeable, (dict(value),)
        return NotImplemented


def _packed(value: object) -> bytes:
    packed = io.BytesIO()
    _Pickler(packed, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return packed.getvalue()


def main(cpu: int) -> None:
    """The other process: a draft from standard input, its documents or what is wrong to standard output, as JSON."""
    draft, template, folders = pickle.load(sys.stdin.buffer)  # noqa: S301  the bot's own, over a pipe
    _limit(cpu)
    paths = [Path(folder) for folder in folders]
    try:
        told: dict[str, Any] = {"documents": render_documents(draft, template=template, loader_paths=paths)}
    except BrokenTemplate as broken:
        told = {"broken": [broken.file, broken.line, broken.said]}
    except UserError as refused:
        told = {"refused": refused.message}
    sys.stdout.write(json.dumps(told))


def _limit(cpu: int) -> None:
    signal.signal(signal.SIGXCPU, _out_of_time)
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu, used + cpu + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # there the address space cannot be limited
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _out_of_time(_number: int, _frame: FrameType | None) -> None:
    raise SecurityError("it takes too much time")
