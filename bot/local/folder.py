"""The folder with the state of the bot and of the local Slack."""

import secrets
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.domain.errors import UserError

DATABASE = "dogwatch.db"
LOG = "dogwatch.log"
TOKEN_FILE = "alert-token"  # noqa: S105  a file name
CONFIG = "dogwatch.toml"
PORTS = "ports.json"
ENVIRONMENT = "environment"
BOT_FILES = (
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    f"{DATABASE}.lock",
    f"{DATABASE}.key",
    TOKEN_FILE,
    LOG,
    CONFIG,
    PORTS,
    ENVIRONMENT,
)
SANDBOX_FILES = ("workspace.json", "workspace.new")


SAMPLE_CONFIG = """\
# The sandbox's configuration: who is invited and paged. Restart the sandbox after a change.

[services.checkout]
people = ["U0ONCALL", "U0ENGINEER"]
team = "payments"

[services.payments]
team = "payments"

[teams.payments]
members = ["U0DEVELOPER", "U0DBA"]

[vendors.payment-gateway]
name = "Payment gateway"

[pages]
admins = ["U0DEVELOPER"]

[status]
title = "Harbour"
languages = ["en", "fr"]

[status.components.checkout]
name = "Checkout"
names = { fr = "Commande" }
services = ["checkout"]

[status.components.payments]
name = "Payments"
names = { fr = "Paiements" }
services = ["payments"]
"""


def prepare_folder(data: Path, *, fresh: bool) -> str:
    """
    Create the folder with a configuration, or empty it if `fresh`; return the alert token.

    Raises UserError if a folder to be emptied contains anything else.
    """
    if fresh and data.exists():
        _empty(data)
    data.mkdir(parents=True, exist_ok=True)
    if not (data / CONFIG).exists():
        (data / CONFIG).write_text(SAMPLE_CONFIG)
    token = data / TOKEN_FILE
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(16))
    return token.read_text().strip()


def write_environment(data: Path, environment: Mapping[str, str]) -> None:
    """Write the bot's environment as a shell script, for commands in another terminal."""
    file = data / ENVIRONMENT
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()))


def _empty(data: Path) -> None:
    """Delete our files, and the folder if nothing else is in it."""
    names = {each.name for each in data.iterdir()}
    if names and not names & {*BOT_FILES, *SANDBOX_FILES}:
        raise UserError(f"{data} contains files that are not Dogwatch's. Nothing was removed: choose another folder.")
    for name in (*BOT_FILES, *SANDBOX_FILES):
        (data / name).unlink(missing_ok=True)
    if not any(data.iterdir()):
        shutil.rmtree(data)
