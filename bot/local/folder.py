"""The folder that keeps the state of the bot and of the local Slack."""

import secrets
import shutil
from pathlib import Path

from bot.domain.errors import UserError

DATABASE = "dogwatch.db"
LOG = "dogwatch.log"
TOKEN = "alert-token"  # noqa: S105  the name of a file
CONFIG = "dogwatch.toml"
OURS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}.lock", f"{DATABASE}.key", TOKEN, LOG, CONFIG)
SLACKS = ("workspace.json", "workspace.new")


SAMPLE_CONFIG = """\
# The sandbox's configuration: who is called for what. Change it and start the sandbox again.

[services.checkout]
people = ["U0ONCALL", "U0ENGINEER"]
team = "payments"

[services.payments]
team = "payments"

[teams.payments]
members = ["U0DEVELOPER", "U0DBA"]

[vendors.payment-gateway]
name = "Payment gateway"
"""


def prepared(data: Path, *, fresh: bool) -> str:
    """
    Make the folder, emptied first if `fresh`, with a configuration; returns the token for alerts that is kept in it.

    Raises UserError for a folder that holds other things and is to be emptied.
    """
    if fresh and data.exists():
        _empty(data)
    data.mkdir(parents=True, exist_ok=True)
    if not (data / CONFIG).exists():
        (data / CONFIG).write_text(SAMPLE_CONFIG)
    token = data / TOKEN
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(16))
    return token.read_text().strip()


def _empty(data: Path) -> None:
    """Forget the state. Only a folder that holds nothing but ours is removed whole."""
    found = {each.name for each in data.iterdir()}
    if found and not found & {*OURS, *SLACKS}:
        raise UserError(f"{data} holds other things than Dogwatch's state; nothing was removed.")
    for name in (*OURS, *SLACKS):
        (data / name).unlink(missing_ok=True)
    if not any(data.iterdir()):
        shutil.rmtree(data)
