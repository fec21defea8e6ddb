"""
The files of the status page in a folder, for a static host.

Replicas may share a folder: one writes at a time. A folder inside it has the list of the files that Dogwatch wrote:
only these are ever removed.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from uuid import uuid4

from structlog import get_logger

from bot.web.status.site import INDEX, Site
from bot.web.status.site_file import CONTENT_TYPES, PACKED_SUFFIXES, SiteFile

OWN_FOLDER = ".dogwatch"
FILE_LIST, LOCK = "files.txt", "lock"
UNFINISHED = ".new"
LOCK_SECONDS, LOCK_POLL = 5.0, 0.05
"""How long, and how often, one waits for another that writes the folder."""
RETRY_SECONDS = 10.0

log = get_logger(__name__)


class FolderCopy:
    """
    Keeps a folder like the page, in a task of its own: a slow folder delays no reader.

    A folder that takes nothing is reported once, and tried again until it does.
    """

    def __init__(self, retry_seconds: float = RETRY_SECONDS) -> None:
        self._retry_seconds = retry_seconds
        self._wanted: tuple[Site, Path] | None = None
        self._wake = asyncio.Event()
        self._problem = ""

    def offer(self, site: Site, folder: Path) -> None:
        """Write these files soon, instead of those that still wait."""
        self._wanted = site, folder
        self._wake.set()

    async def run_forever(self) -> None:
        while True:
            self._wake.clear()
            await self.write_waiting()
            try:
                async with asyncio.timeout(self._retry_seconds if self._problem else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def write_waiting(self) -> None:
        """Try once to write what waits."""
        if self._wanted is None:
            return
        wanted = site, folder = self._wanted
        try:
            await asyncio.to_thread(write_folder, site, folder)
        except OSError as problem:
            self._report(folder, problem.strerror or str(problem))
            return
        if self._wanted is wanted:
            self._wanted = None
        if self._problem:
            log.info("status page folder written again", folder=str(folder))
        self._problem = ""

    def _report(self, folder: Path, problem: str) -> None:
        if problem != self._problem:
            log.error(
                "status page folder not written",
                folder=str(folder),
                problem=problem,
                fix="Let the user that runs Dogwatch write to it. The page is served meanwhile.",
            )
        self._problem = problem


def write_folder(site: Site, folder: Path) -> None:
    """
    Write the files so that a reader sees each one old or new, never half.

    Compressed ones stand beside them. What links to other files comes after them; files that Dogwatch wrote before and
    that are no longer part of the page go last.

    Raises OSError, also if another process writes for too long.
    """
    own = folder / OWN_FOLDER
    own.mkdir(parents=True, exist_ok=True)
    with _lock(own / LOCK):
        for left in own.glob(f"*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        known = _read_list(folder)
        _write_list(folder, known | site.files.keys())  # before the files: after a crash they are still known
        for name in sorted(site.files, key=lambda each: (each.endswith(INDEX), each.endswith(".html"), each)):
            file = site.files[name]
            for encoding, suffix in PACKED_SUFFIXES.items():
                _write_file(folder, f"{name}{suffix}", file.packed.get(encoding))
            _write_file(folder, name, file.body)
        for name in known - site.files.keys():
            _remove(folder, name)
        _write_list(folder, {*site.files})


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process at a time. Raises OSError if another one holds it for LOCK_SECONDS."""
    until = time.monotonic() + LOCK_SECONDS
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as problem:
                if time.monotonic() >= until:
                    raise OSError(problem.errno, "another process is writing to it") from problem
                time.sleep(LOCK_POLL)
        yield
    finally:
        os.close(descriptor)


def _read_list(folder: Path) -> set[str]:
    """Names of the files that Dogwatch wrote, without any that lead out of the folder."""
    try:
        lines = (folder / OWN_FOLDER / FILE_LIST).read_text().splitlines()
    except FileNotFoundError:
        return set()
    return {each for each in lines if each and not PurePosixPath(each).is_absolute() and ".." not in each.split("/")}


def _write_list(folder: Path, names: set[str]) -> None:
    _write_file(folder, f"{OWN_FOLDER}/{FILE_LIST}", "".join(f"{each}\n" for each in sorted(names)).encode())


def _write_file(folder: Path, name: str, body: bytes | None) -> None:
    """Replace a file as a whole, unless it is the same. None: remove it."""
    path = folder / name
    if body is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != body:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = folder / OWN_FOLDER / f"{uuid4().hex}{UNFINISHED}"
        fresh.write_bytes(body)
        fresh.replace(path)


def _remove(folder: Path, name: str) -> None:
    """Remove a file, its compressed ones, and the folders that it leaves empty."""
    for suffix in ("", *PACKED_SUFFIXES.values()):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)
    for parent in PurePosixPath(name).parents:
        if folder / parent == folder:
            return
        try:
            (folder / parent).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return  # others have files in it


def read_folder(folder: Path, languages: tuple[str, ...]) -> Site | None:
    """The files of an earlier run, for a start without the database; None without any."""
    paths = {name: folder / name for name in sorted(_read_list(folder)) if PurePosixPath(name).suffix in CONTENT_TYPES}
    files = {name: SiteFile(name, path.read_bytes()) for name, path in paths.items() if path.is_file()}
    if INDEX not in files:
        return None
    return Site(files, {}, tuple(code for code in languages if f"{code}/{INDEX}" in files))
