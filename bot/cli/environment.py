"""Settings of commands."""

import os

from bot.config import Settings, load
from bot.runtime import log


def load_settings() -> Settings:
    """Load the settings and hide their secrets from the log. Raises ConfigurationError."""
    settings = load(os.environ)
    log.hide_secrets(settings.secret_values())
    return settings
