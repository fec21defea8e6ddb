"""
A real PostgreSQL server of Debian's package, with its own data folder and port.

`fsync` is off unless `durable`: the tests kill processes, not the operating system, and what a killed server has
handed to the system is still written.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.support.servers.ports import free_port

USER = "dogwatch"
START_SECONDS = 30
STOP_SECONDS = 30

StopMode = Literal["smart", "fast", "immediate", "kill"]
SIGNALS: Mapping[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,  # waits until every client has gone
    "fast": signal.SIGINT,  # breaks the connections, then stops in order
    "immediate": signal.SIGQUIT,  # like a crash: the next start recovers from the log
    "kill": signal.SIGKILL,  # a crash of the postmaster itself
}


class Unavailable(Exception):
    """The tests cannot start a PostgreSQL on this machine; the message says what is missing."""


def binaries() -> Path:
    """The newest installed version's folder of programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        message = "needs a PostgreSQL server (Debian's package postgresql)"
        raise Unavailable(message)
    return found[-1].parent


def as_server_user() -> tuple[str, ...]:
    """
    Command prefix: run as `postgres` if we are root, which the server refuses.

    Unlike runuser, setpriv becomes the command, so signals reach the server itself, and the kernel stops it (SIGINT:
    the fast way) when the thread that started it is gone.
    """
    identity = ("--reuid=postgres", "--regid=postgres", "--init-groups") if os.geteuid() == 0 else ()
    return ("setpriv", "--pdeathsig=INT", *identity, "--")


class PostgresServer:
    """
    One server. Its port stays the same over `stop` and `start`.

    It ends with this process, however that ends: killed tests leave no server behind. With `standby_of` it is a copy of
    that running server and follows it, until it is promoted.
    """

    def __init__(
        self,
        *,
        durable: bool = False,
        settings: Mapping[str, str] | None = None,
        standby_of: "PostgresServer | None" = None,
    ) -> None:
        self._bin = binaries()
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "max_connections": "300",
            "shared_buffers": "32MB",
            "log_min_messages": "warning",
        } | dict(settings or {})
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        # The server ends with the thread that starts it: this one stays, whoever calls `start`.
        self._spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgres")
        self.port = free_port()
        # Not pytest's own folder: that is closed to others, and the server is another user when the tests run as root.
        self.directory = Path(tempfile.mkdtemp(prefix="dogwatch-pg-"))
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        try:
            if standby_of is None:
                self._initdb()
            else:
                self._copy(standby_of)
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def log(self) -> str:
        """The log so far."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when the server accepts connections. Raises RuntimeError with its log otherwise."""
        if self.is_running:
            return
        self._process = self._spawner.submit(self._spawn).result()
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if not self.is_running or time.monotonic() > deadline:
                self.stop("kill")
                message = f"PostgreSQL did not start:\n{self.log[-2000:]}"
                raise RuntimeError(message)
            time.sleep(0.02)

    def stop(self, mode: StopMode = "fast") -> None:
        """Return when the server has gone. Does nothing where it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        self.resume()
        if process.poll() is None:
            process.send_signal(SIGNALS[mode])
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            if mode == "kill":
                self._end_children()

    def restart(self, mode: StopMode = "fast") -> None:
        self.stop(mode)
        self.start()

    def close(self) -> None:
        """Stop the server and remove all that it wrote."""
        try:
            self.stop("immediate")
        finally:
            self._spawner.shutdown()
            shutil.rmtree(self.directory, ignore_errors=True)

    def wait_for_standby(self) -> None:
        """
        From now on a commit is answered when the standby has it too, and can show it.

        Raises TimeoutError if none follows.
        """
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.sql("SELECT pg_reload_conf()")
        deadline = time.monotonic() + START_SECONDS
        while self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1":
            if time.monotonic() > deadline:
                raise TimeoutError(f"no standby follows:\n{self.log[-2000:]}")
            time.sleep(0.05)

    def promote(self) -> None:
        """Let the standby become a primary that waits for nobody; return when it takes writes."""
        self.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.sql("SELECT pg_reload_conf()")
        self.sql("SELECT pg_promote(true)")

    def pause(self) -> None:
        """Stop all processes of the server (SIGSTOP) until `resume`."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, by: signal.Signals) -> None:
        for process_id in processes_in(self._data):
            with suppress(ProcessLookupError):
                os.kill(process_id, by)

    def create_database(self, *, template: str = "template0") -> str:
        """A fresh database's URL. Another `template` is copied whole; nobody may be connected to it."""
        name = f"test_{next(self._names)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Breaks the connections that are open to it. Does nothing where the server is not running."""
        if self.is_running:
            self.sql(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Output of psql: a row a line, columns separated by `|`."""
        command: list[str | Path] = [
            self._bin / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            self.url(database),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            message = f"{statement}\n{done.stderr.strip()}"
            raise RuntimeError(message)
        return done.stdout.strip()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _initdb(self) -> None:
        options = ("-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        command: list[str | Path] = [*as_server_user(), self._bin / "initdb", "-D", self._data, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory, timeout=120)
        if done.returncode != 0:
            message = f"initdb failed: {done.stderr.strip()}"
            raise RuntimeError(message)

    def _copy(self, primary: "PostgresServer") -> None:
        """Copy with pg_basebackup; `-R` configures it as a standby."""
        options = ("-X", "stream", "-c", "fast", "-R", "--no-sync", "-h", "127.0.0.1", "-U", USER)
        command: list[str | Path] = [
            *as_server_user(),
            self._bin / "pg_basebackup",
            "-D",
            self._data,
            "-p",
            str(primary.port),
            *options,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory, timeout=120)
        if done.returncode != 0:
            message = f"pg_basebackup failed: {done.stderr.strip()}"
            raise RuntimeError(message)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        place: list[str | Path] = ["-D", self._data, "-k", self.directory, "-p", str(self.port)]
        command = [*as_server_user(), self._bin / "postgres", *place, *settings]
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, start_new_session=True
            )

    def _accepts(self) -> bool:
        command: list[str | Path] = [
            self._bin / "pg_isready",
            "-q",
            "-h",
            self.directory,
            "-p",
            str(self.port),
            "-U",
            USER,
        ]
        return subprocess.run(command, check=False).returncode == 0

    def _end_children(self) -> None:
        """Wait until the backends have ended: they hold the postmaster's shared memory."""
        deadline = time.monotonic() + STOP_SECONDS
        while has_process_in(self._data) and time.monotonic() < deadline:
            time.sleep(0.02)


def has_process_in(directory: Path) -> bool:
    """True if a process has the folder as its working folder, as all of a server have."""
    return bool(processes_in(directory))


def processes_in(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == directory:
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found
