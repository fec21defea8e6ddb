"""`dogwatch sandbox`: its messages, and the files it keeps and removes."""

import socket
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import UserError
from bot.local.addresses import choose_ports, keep_ports
from bot.local.folder import DATABASE, prepare_folder, write_environment
from bot.services.outbox import OutboxKind
from bot.services.views.outbox_wording import ACT_WORDS, describe_lane, describe_state
from bot.store.outbox import State
from bot.store.outbox.inspection import PendingRow
from tests.support.servers.ports import free_port

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def row(**changes):
    values = {
        "kind": "card",
        "reference": "INC-7",
        "since": NOW,
        "not_before": NOW,
        "state": State.WAITING,
        "attempts": 0,
        "error": None,
        "is_first": True,
        "is_lane_open": True,
    }
    return PendingRow(**values | changes)


def test_each_kind_of_row_has_words():
    assert set(ACT_WORDS) == set(OutboxKind)


def test_a_lane_does_not_say_whom_it_is_for():
    assert [describe_lane(lane) for lane in ("dm:U1", "home:U1", "post:7", "people")] == [
        "dm",
        "home",
        "post:7",
        "people",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "it is next"),
        ({"is_lane_open": False}, "its channel is not open yet"),
        ({"is_first": False}, "an earlier one goes first"),
        ({"state": State.RUNNING, "attempts": 1}, "being sent now"),
        ({"state": State.RUNNING, "attempts": 2}, "being sent, for the 2nd time"),
        ({"state": State.RUNNING, "attempts": 11}, "being sent, for the 11th time"),
        ({"state": State.UNKNOWN, "attempts": 1}, "Slack did not reply: checking whether it arrived"),
        ({"error": "timeout", "not_before": NOW + timedelta(seconds=7)}, "Slack did not accept it; tried again in 7 s"),
        ({"error": "timeout"}, "Slack did not accept it; tried again now"),
    ],
)
def test_why_a_row_waits(changes, words):
    assert describe_state(row(**changes), NOW) == words


def test_the_token_for_alerts_is_kept_and_begun_anew_when_asked(tmp_path):
    data = tmp_path / "data"
    first = prepare_folder(data, fresh=False)

    assert prepare_folder(data, fresh=False) == first
    assert prepare_folder(data, fresh=True) != first


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(UserError, match="files that are not"):
        prepare_folder(tmp_path, fresh=True)

    assert (tmp_path / "thesis.txt").exists()


def test_only_what_is_ours_is_removed_from_a_folder_that_we_share(tmp_path):
    prepare_folder(tmp_path, fresh=False)
    (tmp_path / DATABASE).write_bytes(b"old")
    (tmp_path / "notes.txt").write_text("mine")

    prepare_folder(tmp_path, fresh=True)

    assert not (tmp_path / DATABASE).exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@contextmanager
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_ports_of_the_last_run_are_used_again(tmp_path):
    page, bot = free_port(), free_port()
    keep_ports(tmp_path, choose_ports(tmp_path, page=page, bot=bot))

    again = choose_ports(tmp_path, page=None, bot=None)

    assert (again.page, again.bot, again.notices) == (page, bot, ())


def test_a_taken_port_is_named_and_another_is_used(tmp_path):
    with taken_port() as taken:
        page = free_port()
        (tmp_path / "ports.json").write_text(f'{{"page": {page}, "bot": {taken}}}')

        ports = choose_ports(tmp_path, page=None, bot=None)

    assert ports.page == page
    assert ports.bot not in {page, taken}
    expected = f"Port {taken} is taken: the bot uses {ports.bot}. Links to {taken} do not work."
    assert ports.notices == (expected,)


def test_a_port_that_was_asked_for_is_never_replaced(tmp_path):
    with taken_port() as taken:
        with pytest.raises(UserError, match=f"Port {taken} is taken. Choose another with --port."):
            choose_ports(tmp_path, page=taken, bot=None)
        with pytest.raises(UserError, match=f"Port {taken} is taken. Choose another with DOGWATCH_PORT."):
            choose_ports(tmp_path, page=None, bot=taken)


def test_the_environment_is_a_script_for_a_shell(tmp_path):
    write_environment(tmp_path, {"DATABASE_URL": "sqlite:////srv/it's here/dogwatch.db"})

    command = ["sh", "-c", '. ./environment && printf %s "$DATABASE_URL"']
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert printed == "sqlite:////srv/it's here/dogwatch.db"
    assert (tmp_path / "environment").stat().st_mode & 0o777 == 0o600
