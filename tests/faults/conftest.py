"""Fixtures of fault tests. Their world is on SQLite unless a test's marker says otherwise: it is there at once."""

from tests.support.servers.plain_logs import plain_logs

__all__ = ["plain_logs"]
