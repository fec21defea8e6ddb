"""The folder of kept files: a folder for each incident, contents named by their digest."""

import hashlib
import hmac
import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

DIGEST = re.compile(r"[0-9a-f]{64}")
ALERTS_SUFFIX = ".alerts"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
"""For the bot's user alone. No file can be run."""


class FileFolder:
    """
    Contents of kept files. Its methods block, and raise OSError.

    Graphs of alerts (`of_alerts`) have folders of their own: they are kept and deleted independently of other files.
    """

    def __init__(self, root: Path, *, of_alerts: bool = False) -> None:
        self.root = root
        self._suffix = ALERTS_SUFFIX if of_alerts else ""

    def save(self, incident_id: int, content: bytes) -> str:
        """Write a content, whole or not at all, and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        folder = self._folder(incident_id)
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        fresh = folder / f"{digest}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / digest)
        return digest

    def read(self, incident_id: int, name: str) -> bytes | None:
        """Read a content; None if it is missing, or is not what was written."""
        if not DIGEST.fullmatch(name):
            return None
        try:
            content = (self._folder(incident_id) / name).read_bytes()
        except FileNotFoundError:
            return None
        return content if hmac.compare_digest(hashlib.sha256(content).hexdigest(), name) else None

    def delete_others(self, incident_id: int, wanted: Collection[str]) -> int:
        """Delete the incident's files except those `wanted`, by digest. Returns their number."""
        folder, count = self._folder(incident_id), 0
        if not folder.is_dir():
            return 0
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)
                count += 1
        if not wanted:
            with suppress(OSError):
                folder.rmdir()
        return count

    def _folder(self, incident_id: int) -> Path:
        return self.root / f"{incident_id}{self._suffix}"
