"""
Parser of `DATABASE_URL` for PostgreSQL: one or several servers, in libpq's format.

Source of the format: postgresql.org/docs/current/libpq-connect.html, 34.1.1.2 and 34.1.2.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from bot.lazy_dataclass import dataclass

P = ParamSpec("P")
T = TypeVar("T")

URL = re.compile(
    r"postgres(?:ql)?(?:\+\w+)?://"
    r"(?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?]*)(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?")
TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
TLS = ("sslmode", *TLS_FILES, "sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version")
"""Passed to the driver as they are: asyncpg gives these parameters libpq's meaning."""
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
PLACES = ("host", "port", "user", "password", "dbname")
KNOWN = (*PLACES, *TLS, "passfile", "application_name", "connect_timeout", "target_session_attrs")
WRITABLE = ("read-write", "primary")
LOCK_RELEASE_SETTINGS = {
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""Server settings that release the locks of a paused or lost replica, for which the others wait."""
CONNECT_SECONDS = 5.0
"""Timeout for one host."""
COMMAND_SECONDS = 30.0
"""Timeout for one statement."""


@dataclass(frozen=True, slots=True, repr=False)
class Servers:
    """A parsed address. No `repr`, because it holds the password."""

    hosts: tuple[tuple[str, int] | None, ...]
    """Name and port, in the order of attempts. None: the driver's default for this machine."""
    connect_seconds: float
    target: str
    arguments: Mapping[str, Any]
    """Arguments of `asyncpg.connect`."""


def parse_database_url(url: str) -> Servers:
    """
    Parse an address. Raises ValueError with everything that Dogwatch does not support.

    With several hosts only a server that takes writes is chosen: libpq's `read-write`, because its default `any` would
    stay with a standby.
    """
    match = URL.fullmatch(url)
    if match is None:
        raise ValueError("This is not a PostgreSQL address. Use one like postgresql://user:password@host/dogwatch.")
    query, problems = _read_query(match["query"] or "")
    hosts = problems.collect(_read_hosts, match["hosts"] or "", query) or (None,)
    tls = {name: query[name] for name in TLS if name in query}
    problems += _find_tls_problems(query)
    seconds = problems.collect(_read_timeout, query) or CONNECT_SECONDS
    target = problems.collect(_read_target, query, len(hosts)) or "any"
    if problems:
        raise ValueError(" ".join(problems))
    user, password = (_unquote_part(match[name]) or query.get(name) for name in ("user", "password"))
    arguments = {
        "dsn": f"postgresql://?{urlencode(tls)}" if tls else None,
        "user": user,
        "password": password,
        "database": _unquote_part(match["database"]) or query.get("dbname"),
        "passfile": query.get("passfile"),
        "server_settings": {"application_name": query.get("application_name", "dogwatch"), **LOCK_RELEASE_SETTINGS},
        "command_timeout": COMMAND_SECONDS,
    }
    return Servers(hosts, seconds, target, arguments)


def _unquote_part(part: str | None) -> str | None:
    return unquote(part) if part else None


class _Problems(list[str]):
    """The problems of one address."""

    def collect(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the result of `read`; None if it raises ValueError, whose message is added."""
        try:
            return read(*args, **kwargs)
        except ValueError as problem:
            self.append(str(problem))
            return None


def _read_query(text: str) -> tuple[dict[str, str], _Problems]:
    """Return the supported parameters, and the problems of the others."""
    problems = _Problems()
    query = dict(parse_qsl(text, keep_blank_values=True))
    if "ssl" in query:  # as other drivers write it
        mode = query.pop("ssl")
        query.setdefault("sslmode", "require" if mode == "true" else mode)
    unknown = sorted(set(query) - set(KNOWN))
    if unknown:
        problems.append(
            f"Dogwatch does not support the parameter{_plural(unknown)} {', '.join(unknown)}. "
            f"Supported: {', '.join(sorted(KNOWN))}."
        )
    empty = sorted(name for name, value in query.items() if name in KNOWN and not value)
    if empty:
        problems.append(
            f"The parameter{_plural(empty)} {', '.join(empty)} {'are' if len(empty) > 1 else 'is'} "
            f"empty. Give {'each' if len(empty) > 1 else 'it'} a value, or remove {'them' if len(empty) > 1 else 'it'}."
        )
    return {name: value for name, value in query.items() if name in KNOWN and value}, problems


def _plural(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""


def _read_hosts(text: str, query: Mapping[str, str]) -> tuple[tuple[str, int] | None, ...]:
    given = text or query.get("host", "")
    if not given:
        return (None,)
    ports = query.get("port", "5432").split(",")
    named = given.split(",")
    if len(ports) not in {1, len(named)}:
        raise ValueError(
            f"There are {len(named)} hosts and {len(ports)} ports. Give one port for all, or one for each."
        )
    ports = ports * len(named) if len(ports) == 1 else ports
    return tuple(_read_host(each, port) for each, port in zip(named, ports, strict=True))


def _read_host(text: str, default_port: str) -> tuple[str, int]:
    name = unquote(text)
    if name.startswith("/"):  # the folder of a Unix socket
        return name, _read_port(default_port)
    found = HOST.fullmatch(text)
    if found is None or not found["name"]:
        raise ValueError(f"{text!r} is not a host. Use host:port, or [address]:port for IPv6.")
    return unquote(found["name"]).strip("[]"), _read_port(found["port"] or default_port)


def _read_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is not a port.")
    return int(text)


def _find_tls_problems(query: Mapping[str, str]) -> Iterator[str]:
    if query.get("sslmode", "prefer") not in MODES:
        yield f"sslmode is {query['sslmode']!r}. Use one of {', '.join(MODES)}."
    for name in TLS_FILES:
        if name in query and not Path(query[name]).is_file():
            yield f"{name}: there is no file {query[name]}."


def _read_timeout(query: Mapping[str, str]) -> float:
    text = query.get("connect_timeout", str(int(CONNECT_SECONDS)))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 60:
        raise ValueError(f"connect_timeout is {text!r}. Use 1 to 60 seconds, the wait for one host.")
    return float(text)


def _read_target(query: Mapping[str, str], hosts: int) -> str:
    target = query.get("target_session_attrs")
    if target is None:
        return "read-write" if hosts > 1 else "any"
    if target in WRITABLE or (target == "any" and hosts == 1):
        return target
    raise ValueError(
        f"target_session_attrs is {target!r}, but Dogwatch needs write access. Use {' or '.join(WRITABLE)}."
    )
