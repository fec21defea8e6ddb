"""
The PostgreSQL servers that `DATABASE_URL` names, one or several, in libpq's form.

Source of the form: postgresql.org/docs/current/libpq-connect.html, 34.1.1.2 and 34.1.2.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

P = ParamSpec("P")
T = TypeVar("T")

FORM = re.compile(
    r"postgres(?:ql)?(?:\+\w+)?://"
    r"(?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?]*)(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?")
TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
TLS = ("sslmode", *TLS_FILES, "sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version")
"""What is handed to the driver as it is: asyncpg gives these parameters libpq's meaning."""
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
PLACES = ("host", "port", "user", "password", "dbname")
KNOWN = (*PLACES, *TLS, "passfile", "application_name", "connect_timeout", "target_session_attrs")
WRITABLE = ("read-write", "primary")
LETTING_GO = {
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""For the server: what a replica has locked that was paused, or whose machine has gone, is free again after this time.
The others wait for the same incident meanwhile."""
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0


@dataclass(frozen=True, slots=True, repr=False)
class Servers:
    """Read from an address. Without a `repr`: it holds the password."""

    hosts: tuple[tuple[str, int] | None, ...]
    """Name and port in the order in which they are asked. None: the driver's own way to a server on this machine."""
    connect_seconds: float
    target: str
    arguments: Mapping[str, Any]
    """Of `asyncpg.connect`."""


def read_servers(url: str) -> Servers:
    """
    What an address names. Raises ValueError for what cannot be honoured, all of it: somebody meant something by it.

    With several hosts a server has to take writes to be chosen. That is libpq's `read-write` and not its `any`, which
    would stay with a standby.
    """
    form = FORM.fullmatch(url)
    if form is None:
        raise ValueError("It is not an address of PostgreSQL. An example: postgresql://user:password@host/dogwatch.")
    query, problems = _query(form["query"] or "")
    hosts = problems.of(_hosts, form["hosts"] or "", query) or (None,)
    tls = {name: query[name] for name in TLS if name in query}
    problems += _tls_problems(query)
    seconds = problems.of(_seconds, query) or CONNECT_SECONDS
    target = problems.of(_target, query, len(hosts)) or "any"
    if problems:
        raise ValueError(" ".join(problems))
    user, password = (_text(form[name]) or query.get(name) for name in ("user", "password"))
    arguments = {
        "dsn": f"postgresql://?{urlencode(tls)}" if tls else None,
        "user": user,
        "password": password,
        "database": _text(form["database"]) or query.get("dbname"),
        "passfile": query.get("passfile"),
        "server_settings": {"application_name": query.get("application_name", "dogwatch"), **LETTING_GO},
        "command_timeout": COMMAND_SECONDS,
    }
    return Servers(hosts, seconds, target, arguments)


def _text(part: str | None) -> str | None:
    return unquote(part) if part else None


class _Problems(list[str]):
    """What is wrong with one address."""

    def of(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `read` finds; None if it found a mistake, which is added."""
        try:
            return read(*args, **kwargs)
        except ValueError as problem:
            self.append(str(problem))
            return None


def _query(text: str) -> tuple[dict[str, str], _Problems]:
    """The parameters that can be honoured, as far as their names tell, and what is wrong with the others."""
    problems = _Problems()
    query = dict(parse_qsl(text, keep_blank_values=True))
    if "ssl" in query:  # as other drivers write it
        mode = query.pop("ssl")
        query.setdefault("sslmode", "require" if mode == "true" else mode)
    unknown = sorted(set(query) - set(KNOWN))
    if unknown:
        problems.append(
            f"Dogwatch cannot honour the parameter{_s(unknown)} {', '.join(unknown)}. "
            f"It understands {', '.join(sorted(KNOWN))}."
        )
    empty = sorted(name for name, value in query.items() if name in KNOWN and not value)
    if empty:
        problems.append(
            f"The parameter{_s(empty)} {', '.join(empty)} {'are' if len(empty) > 1 else 'is'} empty. "
            f"Give {'each' if len(empty) > 1 else 'it'} a value, or leave {'them' if len(empty) > 1 else 'it'} out."
        )
    return {name: value for name, value in query.items() if name in KNOWN and value}, problems


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""


def _hosts(text: str, query: Mapping[str, str]) -> tuple[tuple[str, int] | None, ...]:
    given = text or query.get("host", "")
    if not given:
        return (None,)
    ports = query.get("port", "5432").split(",")
    named = given.split(",")
    if len(ports) not in {1, len(named)}:
        raise ValueError(
            f"There are {len(named)} hosts and {len(ports)} ports: give one port for all, or one for each."
        )
    ports = ports * len(named) if len(ports) == 1 else ports
    return tuple(_host(each, port) for each, port in zip(named, ports, strict=True))


def _host(text: str, default_port: str) -> tuple[str, int]:
    name = unquote(text)
    if name.startswith("/"):  # the folder of a Unix socket
        return name, _port(default_port)
    found = HOST.fullmatch(text)
    if found is None or not found["name"]:
        raise ValueError(f"{text!r} is not a host. Write host:port, and [address]:port for IPv6.")
    return unquote(found["name"]).strip("[]"), _port(found["port"] or default_port)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is not a port.")
    return int(text)


def _tls_problems(query: Mapping[str, str]) -> Iterator[str]:
    if query.get("sslmode", "prefer") not in MODES:
        yield f"sslmode is {query['sslmode']!r}; it can be {', '.join(MODES)}."
    for name in TLS_FILES:
        if name in query and not Path(query[name]).is_file():
            yield f"{name}: there is no file {query[name]}."


def _seconds(query: Mapping[str, str]) -> float:
    text = query.get("connect_timeout", str(int(CONNECT_SECONDS)))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 60:
        raise ValueError(f"connect_timeout is {text!r}; it can be 1 to 60, the seconds that one host is waited for.")
    return float(text)


def _target(query: Mapping[str, str], hosts: int) -> str:
    target = query.get("target_session_attrs")
    if target is None:
        return "read-write" if hosts > 1 else "any"
    if target in WRITABLE or (target == "any" and hosts == 1):
        return target
    raise ValueError(f"target_session_attrs is {target!r}, but Dogwatch writes: it can be {' or '.join(WRITABLE)}.")
