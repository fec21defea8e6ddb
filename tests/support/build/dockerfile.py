"""The Dockerfile as a list of instructions, and the part of the tree that its build may see."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.support.build.wheel import ROOT, tracked


@dataclass(frozen=True, slots=True)
class Instruction:
    """`value` as it is written, on one line."""

    keyword: str
    value: str

    @property
    def words(self) -> list[str]:
        """Its arguments: a JSON array's, or those of a shell's line. Flags are left out."""
        if self.value.startswith("["):
            return list(json.loads(self.value))
        return [each for each in shlex.split(self.value) if not each.startswith("--")]

    def flag(self, name: str) -> str | None:
        found = re.search(rf"(?:^|\s)--{name}=(\S+)", self.value)
        return found[1] if found else None


@dataclass(slots=True)
class Stage:
    image: str
    name: str | None
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]

    def pairs(self, keyword: str) -> dict[str, str]:
        """Of ENV and LABEL."""
        return dict(each.partition("=")[::2] for found in self.all(keyword) for each in found.words)


def instructions(path: Path = ROOT / "Dockerfile") -> Iterator[Instruction]:
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, value = line.split(maxsplit=1)
            yield Instruction(keyword, " ".join(value.split()) if "[" not in value else value.strip())


def stages() -> list[Stage]:
    """Raises ValueError for a stage whose image is not an ARG, which would not be pinned."""
    found: list[Stage] = []
    images: dict[str, str] = {}
    for each in instructions():
        if each.keyword == "FROM":
            image, *rest = each.value.split()
            name = rest[1] if rest else None
            found.append(Stage(images[image.strip("${}")], name))
        elif found:
            found[-1].instructions.append(each)
        elif each.keyword == "ARG":
            images.update([each.value.split("=", 1)])
        else:
            raise ValueError(f"{each.keyword} before any FROM")
    return found


def is_ignored(path: str) -> bool:
    """By .dockerignore: the last pattern that fits the path or a folder above it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _fits(pattern.lstrip("!"), path):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(pattern: str, path: str) -> bool:
    parents = [PurePosixPath(path), *PurePosixPath(path).parents][:-1]
    if pattern.startswith("**/"):
        return any(each.match(pattern.removeprefix("**/")) for each in parents)
    return any(each.match(pattern) for each in parents if len(each.parts) == len(PurePosixPath(pattern).parts))


def context() -> list[str]:
    """The committed files that the build may see."""
    return [name for name in tracked() if not is_ignored(name)]
