"""What is committed: the lock files, and what must not stand in a tracked file."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

LOCKED = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-image.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["apprise"],
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
    "requirements-dev.lock": [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]],
}

# Written so that this file does not hold what it looks for.
UNWANTED = {
    "unfinished": r"\b(?:TO[D]O|FIX[M]E|NotImplementedErro[r])\b|\bfor no[w]\b",
    "a path of one machine": r"(?<![\w.:/])/(?:wor[k]|far[m]|roo[t]|tm[p]/\w+)/\w",
    "a mock": r"\b(?:Magic|Async)Moc[k]\b|\bmock\.patc[h]\b",
    "a token": r"\bxox[bpa]-\d{6,}|\bxapp-\d-[A-Z0-9]{6,}",
}


def tracked() -> Iterator[tuple[str, str]]:
    """Path and text of every committed text file."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.rstrip("\0").split("\0"):
        path = ROOT / name
        if not path.is_file():  # removed, and not yet committed so
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            yield name, data.decode()


def registry_hosts() -> set[str]:
    """The hosts that packages come from on this machine: they are its own business."""
    program = "from pip._internal.models.index import PyPI as p; print(p.netloc, p.file_storage_domain)"
    pips = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    apts = re.findall(r"https?://([^/\s]+)", "\n".join(path.read_text() for path in lists if path.is_file()))
    return {*pips, *apts}


def pins(lock: str) -> Mapping[str, tuple[str, int]]:
    """Name to version and number of hashes."""
    found: dict[str, tuple[str, int]] = {}
    for block in re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / lock).read_text()):
        if pinned := re.match(r"([\w.-]+)==(\S+)", block):
            found[canonicalize_name(pinned[1])] = (pinned[2], block.count("--hash=sha256:"))
    return found


@pytest.mark.parametrize("lock", LOCKED)
def test_a_lock_holds_what_the_project_asks_for(lock: str):
    locked = pins(lock)

    for text in LOCKED[lock]:
        wanted = Requirement(text)
        version, _ = locked[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version, prereleases=True), f"{lock} pins {version}; run `make lock`"


@pytest.mark.parametrize("lock", LOCKED)
def test_every_pin_has_its_hashes(lock: str):
    """pip refuses a whole file in which one is missing."""
    assert [name for name, (_, hashes) in pins(lock).items() if hashes == 0] == []


def test_the_locks_agree():
    """What is tested is what is shipped."""
    development = pins("requirements-dev.lock")

    for lock in ("requirements.lock", "requirements-image.lock", "requirements-build.lock"):
        shared = {name: pin for name, pin in pins(lock).items() if name in development}
        assert shared == {name: development[name] for name in shared}
    assert pins("requirements.lock").keys() <= pins("requirements-image.lock").keys() <= development.keys()


def test_no_lock_names_a_place_to_download_from():
    for lock in LOCKED:
        assert not re.search(
            r"https?:|file:/|--(?:index-url|extra-index-url|find-links|trusted-host)|^-i ",
            (ROOT / lock).read_text(),
            re.MULTILINE,
        ), lock


@pytest.mark.parametrize("what", UNWANTED)
def test_nothing_unwanted_is_committed(what: str):
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in tracked()
        if not name.endswith(".lock")
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(UNWANTED[what], line)
    ]

    assert found == [], what


def test_no_registry_is_named():
    hosts = registry_hosts()
    assert hosts

    assert [(name, host) for name, text in tracked() for host in hosts if host in text] == []
