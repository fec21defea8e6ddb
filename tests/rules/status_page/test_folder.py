"""The folder for a static host: only files of Dogwatch's go, replicas take turns, and it mends itself."""

import asyncio
import multiprocessing
from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.config import examine
from bot.doctor import check_configuration
from bot.doctor.report import State
from bot.web.status import folder as status_folder
from bot.web.status.folder import FolderCopy, read_folder, write_folder
from bot.web.status.site import Site
from bot.web.status.site_file import SiteFile
from tests.support.servers.sandbox_client import eventually

BODIES = {"index.html": b"en", "en/index.html": b"en", "fr/index.html": b"fr", "fr/incidents/1.html": b"down " * 99}
ENGLISH = {name: body for name, body in BODIES.items() if not name.startswith("fr/")}


def a_site(bodies: Mapping[str, bytes]) -> Site:
    return Site({name: SiteFile(name, body) for name, body in bodies.items()}, {}, ("en", "fr"))


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def shown_in(folder: Path) -> set[str]:
    return {name for name in names_in(folder) if not name.startswith(".dogwatch/")}


def test_files_that_are_no_longer_there_go_with_what_they_leave_empty(tmp_path: Path) -> None:
    write_folder(a_site(BODIES), tmp_path)
    assert "fr/incidents/1.html.br" in shown_in(tmp_path)

    write_folder(a_site(ENGLISH), tmp_path)

    assert shown_in(tmp_path) == ENGLISH.keys()
    assert not (tmp_path / "fr").exists()
    assert names_in(tmp_path) - shown_in(tmp_path) == {".dogwatch/files.txt", ".dogwatch/lock"}


def test_files_of_others_stay_beside_ours(tmp_path: Path) -> None:
    write_folder(a_site(BODIES), tmp_path)
    others = {"CNAME", "fr/robots.txt", "fr/incidents/guide.html", "de/index.html"}
    for name in others:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("not Dogwatch's")

    write_folder(a_site(ENGLISH), tmp_path)

    assert shown_in(tmp_path) == ENGLISH.keys() | others


@pytest.mark.parametrize("name", ["../outside.html", "{root}/outside.html", "fr/../../outside.html"])
def test_a_list_that_was_tampered_with_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.html").write_text("not ours")
    folder = tmp_path / "site"
    write_folder(a_site(BODIES), folder)
    with (folder / ".dogwatch" / "files.txt").open("a") as listed:
        listed.write(name.format(root=tmp_path) + "\n")

    write_folder(a_site(ENGLISH), folder)

    assert (tmp_path / "outside.html").exists()


def test_after_a_crash_unfinished_files_go_and_the_rest_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", _crash_at_the_incident)
        with pytest.raises(OSError, match="crash"):
            write_folder(a_site(BODIES), tmp_path)
    assert [name for name in names_in(tmp_path) if name.endswith(".new")]

    write_folder(a_site(ENGLISH), tmp_path)

    assert not [name for name in names_in(tmp_path) if name.endswith(".new")]
    assert shown_in(tmp_path) == ENGLISH.keys()


def _crash_at_the_incident(fresh: Path, target: Path) -> Path:
    if target.name == "1.html":
        raise OSError("crash")
    fresh.rename(target)
    return target


def _write_again_and_again(folder: Path, body: bytes) -> None:
    for _ in range(15):
        write_folder(a_site({**BODIES, "index.html": body}), folder)


def test_replicas_that_share_a_folder_leave_whole_files(tmp_path: Path) -> None:
    bodies = [letter * 50_000 for letter in (b"a", b"b")]
    context = multiprocessing.get_context("fork")
    replicas = [context.Process(target=_write_again_and_again, args=(tmp_path, body)) for body in bodies]
    for each in replicas:
        each.start()

    seen = set()
    while any(each.is_alive() for each in replicas):
        if (tmp_path / "index.html").exists():
            seen.add((tmp_path / "index.html").read_bytes())
    for each in replicas:
        each.join()

    assert [each.exitcode for each in replicas] == [0, 0]
    assert seen <= {*bodies}
    assert shown_in(tmp_path) >= BODIES.keys()
    assert not [name for name in names_in(tmp_path) if name.endswith(".new")]


def test_a_folder_that_another_process_keeps_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_folder, "LOCK_SECONDS", 0.0)
    write_folder(a_site(BODIES), tmp_path)

    with status_folder._lock(tmp_path / ".dogwatch" / "lock"), pytest.raises(OSError, match="another process"):
        write_folder(a_site(ENGLISH), tmp_path)

    assert shown_in(tmp_path) >= BODIES.keys()


def test_only_listed_files_are_read_back(tmp_path: Path) -> None:
    write_folder(a_site(BODIES), tmp_path)
    (tmp_path / "internal.html").write_text("not Dogwatch's")

    kept = read_folder(tmp_path, ("en", "fr"))

    assert kept is not None
    assert kept.files.keys() == BODIES.keys()
    assert kept.languages == ("en", "fr")


async def test_a_folder_that_takes_nothing_is_said_once_and_mended_later(tmp_path: Path) -> None:
    place = tmp_path / "site"
    place.write_text("a file in its place")
    copy = FolderCopy(retry_seconds=0.01)
    with capture_logs() as logs:
        for site in (a_site(ENGLISH), a_site(BODIES)):
            copy.offer(site, place)
            await copy.write_waiting()
        said = [each["event"] for each in logs]
        keeping = asyncio.create_task(copy.run_forever())
        place.unlink()
        await eventually(lambda: len(logs) > len(said))
        keeping.cancel()

    assert said == ["status page folder not written"]
    assert [each["event"] for each in logs[1:]] == ["status page folder written again"]
    assert shown_in(place) >= BODIES.keys()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("site", ""),
        ("site/below", ""),
        ("a-file", "a-file is a file, so the page cannot be kept there. Correct the path."),
        ("a-file/below", "a-file is a file, so the page cannot be kept there. Correct the path."),
        ("other", "It holds another site, whose index.html Dogwatch would replace. Use an empty folder."),
    ],
)
def test_a_folder_that_will_not_do_is_said_before_the_start(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a-file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text("somebody else's")
    config = tmp_path / "dogwatch.toml"
    config.write_text(f'[status]\ntitle = "Harbour"\nfolder = "{name}"\n')

    report = examine({}, config_path=config)

    told = [each.message for each in report.warnings if each.key == "status.folder"]
    assert [said in each for each in told] == ([True] if said else [])
    assert report.settings is not None
    (result,) = [each for each in check_configuration(report.settings, {}) if each.check == "status folder"]
    assert result.state == (State.WARNING if said else State.OK)
    assert not (tmp_path / "site").exists()


def test_a_folder_that_holds_what_is_private_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "dogwatch.toml"
    config.write_text('[status]\ntitle = "Harbour"\nfolder = "."\n')

    report = examine({}, config_path=config)

    (refused,) = report.problems
    assert refused.key == "status.folder"
    assert f"Everything in this folder is public, and {config} is in it." in refused.message
