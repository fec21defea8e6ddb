"""Requirements of tests. Without one the test is skipped, which is a failure in CI."""

import os
import shutil
from pathlib import Path

import pytest


def program(name: str, *, package: str) -> Path:
    """The program's path. Skips, naming Debian's package, where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} (Debian's package {package})")
    return Path(found)


def conformance_data() -> Path:
    """The folder of reference data: `slack/`, `alerts/`, `scenarios/`."""
    folder = os.environ.get("DOGWATCH_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("needs reference data: set DOGWATCH_CONFORMANCE_DATA to its folder")
    if not (Path(folder) / "slack").is_dir():
        pytest.fail(f"DOGWATCH_CONFORMANCE_DATA={folder} holds no folder `slack`")
    return Path(folder)
