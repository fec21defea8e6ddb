"""Files that ship with the bot."""

from pathlib import Path

import bot


def resource_path(name: str) -> Path:
    """A file or folder such as `templates`: inside the package in a wheel, beside it in a checkout."""
    package = Path(bot.__file__).parent
    inside, beside = package / name, package.parent / name
    return inside if inside.exists() else beside
