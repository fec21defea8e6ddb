"""Configuration files for tests."""

from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a configuration file, and return its path."""

    def _write(text: str) -> Path:
        path = tmp_path / "dogwatch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """Run in an empty folder, without a configuration."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
