"""
Render the operator's own templates in a subprocess.

The sandbox does not limit time and memory: macros recurse, texts double. So the subprocess has limits for both, no
environment, may write no file, and gets the draft and nothing else.
"""

import io
import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.domain.drafting.model import Draft
from bot.domain.errors import UserError
from bot.lazy_loader import LazyModule
from bot.runtime.subprocess_limit import command_line, is_beyond_limits, set_limits
from bot.templating.render import BrokenTemplate, render_documents

if TYPE_CHECKING:
    from jinja2 import exceptions
else:
    exceptions = LazyModule("jinja2.exceptions")

CPU_SECONDS = 5
"""CPU time for all languages of a draft together."""
WALL_SECONDS = 10.0
"""Elapsed time, on a busy machine. The outbox row's lease is longer."""
MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space: what Python itself takes, and ten times what a long draft needs."""


def render_in_subprocess(
    draft: Draft, *, template: str, folders: Sequence[Path], cpu: int = CPU_SECONDS
) -> dict[str, str]:
    """
    Do what `render_documents` does, for all languages of the draft. `cpu`: seconds.

    Blocks until the subprocess ends: in the running bot call it in a thread.
    """
    request = _pickle((draft, template, [str(folder.absolute()) for folder in folders]))
    try:
        done = subprocess.run(  # noqa: S603  this interpreter and a constant program
            command_line(main, cpu), input=request, capture_output=True, env={}, timeout=WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise BrokenTemplate(template, None, f"It runs longer than {WALL_SECONDS:g} seconds.") from late
    return _parse_result(done, template, cpu)


def _parse_result(done: "subprocess.CompletedProcess[bytes]", template: str, cpu: int) -> dict[str, str]:
    if is_beyond_limits(done.returncode):
        raise BrokenTemplate(template, None, f"It takes more than {cpu} seconds or too much memory.")
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BrokenTemplate(template, None, f"It could not be rendered: {''.join(last) or done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    if "broken" in result:
        raise BrokenTemplate(*result["broken"])
    if "refused" in result:
        raise UserError(result["refused"])
    return dict(result["documents"])


def _read_only(values: dict[str, str]) -> MappingProxyType[str, str]:
    """Rebuild a mapping proxy: pickle cannot find its type by name."""
    return MappingProxyType(values)


class _Pickler(pickle.Pickler):
    """Supports mapping proxies, the only type of a draft that pickle does not support."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _pickle(value: object) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def main(cpu: int) -> None:
    """Entry point of the subprocess: a pickled draft on stdin, a JSON result on stdout."""
    draft, template, folders = pickle.load(sys.stdin.buffer)  # noqa: S301  written by the bot itself
    signal.signal(signal.SIGXCPU, _out_of_time)
    set_limits(cpu, MEMORY_BYTES)
    paths = [Path(folder) for folder in folders]
    try:
        result: dict[str, Any] = {"documents": render_documents(draft, template=template, loader_paths=paths)}
    except BrokenTemplate as broken:
        result = {"broken": [broken.file, broken.line, broken.reason]}
    except UserError as refused:
        result = {"refused": refused.message}
    sys.stdout.write(json.dumps(result))


def _out_of_time(_number: int, _frame: FrameType | None) -> None:
    raise exceptions.SecurityError("it takes too much time")
