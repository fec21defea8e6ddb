"""Exit codes and stop times in `docs/operate/running.md` are complete."""

import re
from pathlib import Path

from bot.cli.exit_codes import BY_SIGNAL, DONE, FAILED, IN_USE, UNUSABLE
from bot.config import Settings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "operate" / "running.md").read_text()


def test_every_exit_code_stands_in_the_table():
    table = TEXT.partition("## Exit codes")[2].partition("\n#")[0]
    codes = {int(each) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for each in row.split(",")}

    assert codes == {DONE, FAILED, UNUSABLE, IN_USE, BY_SIGNAL + 2, BY_SIGNAL + 15}


def test_the_times_of_a_stop_are_those_of_the_settings():
    settings = Settings()

    assert f"`DOGWATCH_DRAIN_SECONDS` ({settings.drain_seconds})" in TEXT
    assert f"`DOGWATCH_STOP_SECONDS` ({settings.stop_seconds})" in TEXT
