"""Build artefacts of the tree: a clean copy, its wheel, and an environment with the wheel."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def tracked() -> list[str]:
    """The paths of the committed files, as they are relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.rstrip("\0").split("\0") if (ROOT / name).is_file()]


def clean_copy(folder: Path) -> Path:
    """The committed files and nothing else."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def build(source: Path, out: Path, what: str) -> Path:
    """`what`: wheel or sdist. Returns the file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", what, "-d", str(out)]
    run_command(command, cwd=source)
    return next(out.glob("*.whl" if what == "wheel" else "*.tar.gz"))


def installed(wheel: Path, folder: Path) -> Path:
    """
    Create an environment with the wheel and the tests' locked packages; returns its `bin`.

    The packages come by a path, not by path files: so the checkout, which is installed there as editable, is not found.
    Skips where pip cannot install.||-

    Those are reached by a path, not by their folder's own path files: so the checkout, which is installed there as
    editable, is not found. Skips where pip cannot install.
    """
    run_command([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs pip beside pytest, to install a wheel")
    run_command([*pip, "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    return folder / "bin"


def alone(**more: str) -> dict[str, str]:
    """An environment that knows nothing of the checkout."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "PATH", "TMPDIR") if key in os.environ}
    return {**kept, **more}


def run_command(
    command: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run to its end. It has to end with `code`."""
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended
