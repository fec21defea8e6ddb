"""
Run the steps of the Dockerfile without a container engine.

Each COPY and RUN runs in a root of its own. A stage's root is this machine's (in place of the image's), with everything
that the stage writes as an overlay. Only root may do so, in a mount namespace that ends with this process:

A stage's root is this machine's (in place of the image's), with everything that the stage writes laid over it. Only
root may do so, in a mount namespace that ends with this process:

    unshare --mount --pid --fork python -m tests.support.build.container build     downloads what the lock files name
    unshare --mount --pid --fork python -m tests.support.build.container run       then runs what is installed there

Without the word `build`, in place of what the lock files name stand the packages of this environment. `run` is what an
engine would run: process 1, an unprivileged user, a root that may only be read, a volume and an empty /tmp.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support.build.dockerfile import Instruction, Stage, context, stages
from tests.support.build.wheel import ROOT, run_command

SCRATCH = Path("/mnt")
"""Where the roots are made: in this process's namespace only, and in memory."""
VOLUME = "/var/lib/dogwatch"


class Builder:
    def __init__(self, *, downloads: bool) -> None:
        self.downloads = downloads
        self.roots: dict[str | None, Path] = {}

    def build(self) -> Path:
        """All stages; the root of the last one."""
        mount("-t", "tmpfs", "tmpfs", SCRATCH)
        for stage in stages():
            self.roots[stage.name] = root = overlaid(SCRATCH / (stage.name or "final"))
            self._steps(stage, root)
        return self.roots[None]

    def _steps(self, stage: Stage, root: Path) -> None:
        environment, folder = {**host_environment(), "HOME": "/root"}, "/"
        for each in stage.instructions:
            match each.keyword:
                case "ENV":
                    environment |= expanded(Stage("", None, [each]).pairs("ENV"), environment)
                case "WORKDIR":
                    folder = each.value
                    (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(each, root, folder)
                case "RUN":
                    self._run(each, root, folder, environment)

    def _copy(self, step: Instruction, root: Path, folder: str) -> None:
        *sources, target = step.words
        into = root / os.path.join(folder, target).lstrip("/")  # noqa: PTH118  an absolute target goes before the folder
        if stage := step.flag("from"):
            (source,) = sources
            shutil.copytree(self.roots[stage] / source.lstrip("/"), into, symlinks=True)
            return
        for source in sources:
            names = [name for name in context() if name == source or name.startswith(f"{source}/")]
            assert names, f"COPY {source}: no such file"
            for name in names:
                inside = Path(name).name if name == source else Path(name).relative_to(source)
                (into / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, into / inside)

    def _run(self, step: Instruction, root: Path, folder: str, environment: dict[str, str]) -> None:
        for command in step.value.split(" && "):
            if "--require-hashes" in command and not self.downloads:
                if "--python" in command:
                    reach_the_packages_of_this_environment(root / "opt" / "dogwatch")
                continue
            print(f"RUN {command}", file=sys.stderr)  # noqa: T201
            run_command(["chroot", str(root), "/bin/sh", "-ec", f"cd {folder} && {command}"], env=environment)


def reach_the_packages_of_this_environment(venv: Path) -> None:
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    (packages / "locked.pth").write_text(f"{Path(sysconfig.get_path('purelib')).resolve()}\n")


def overlaid(at: Path) -> Path:
    """This machine's root with a writable overlay, whose Python everybody may execute."""
    for name in ("upper", "work", "root"):
        (at / name).mkdir(parents=True)
    mount("-t", "overlay", "-o", f"lowerdir=/,upperdir={at}/upper,workdir={at}/work", "overlay", at / "root")
    for each in reversed(Path(sys.base_prefix).parents):
        reached = at / "root" / str(each).lstrip("/")
        reached.chmod(reached.stat().st_mode | 0o011)
    for name in ("opt/dogwatch", "src", "dist", VOLUME.lstrip("/")):
        shutil.rmtree(at / "root" / name, ignore_errors=True)
    return at / "root"


def mount(*arguments: str | Path) -> None:
    run_command(["mount", *map(str, arguments)])


def host_environment() -> dict[str, str]:
    """Environment of an image: the tests' Python is found as `python` and `pip`."""
    return {
        "PATH": os.pathsep.join(
            [str(Path(sys.prefix).resolve() / "bin"), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"]
        )
    }


def expanded(told: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("$PATH", known["PATH"]) for name, value in told.items()}


def run(root: Path, told: dict[str, str], command: list[str]) -> None:
    """Become the container: never returns."""
    last = stages()[-1]
    state, user = root / VOLUME.lstrip("/"), last.all("USER")[0].value
    (uid, gid), volume = user.split(":"), SCRATCH / "volume"
    volume.mkdir()
    os.chown(volume, int(uid), int(gid))
    state.mkdir(parents=True, exist_ok=True)
    mount("-t", "proc", "proc", root / "proc")
    mount("--bind", root, root)
    mount("-o", "remount,ro,bind", root)
    mount("--bind", volume, state)
    mount("-t", "tmpfs", "tmpfs", root / "tmp")
    environment = {**expanded(last.pairs("ENV"), host_environment()), **told}
    os.chroot(root)
    os.chdir(VOLUME)
    os.execvpe(
        "setpriv",
        [
            "setpriv",
            f"--reuid={uid}",
            f"--regid={gid}",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
            "--inh-caps=-all",
            *command,
        ],
        environment,
    )


def main() -> None:
    """The rest of the command line: `build`, and what to run instead of the image's own command."""
    words = sys.argv[1:]
    downloads = "build" in words
    root = Builder(downloads=downloads).build()
    size = subprocess.run(["du", "-shx", root.parent / "upper"], capture_output=True, text=True, check=True).stdout
    print(f"laid over the image: {size.split()[0]}", file=sys.stderr, flush=True)  # noqa: T201
    last = stages()[-1]
    command = [each for each in words if each not in {"build", "run"}] or last.all("CMD")[0].words
    told = {key: value for key, value in os.environ.items() if key.startswith(("SLACK_", "DOGWATCH_"))}
    run(root, told, [*last.all("ENTRYPOINT")[0].words, *command])


if __name__ == "__main__":
    main()
