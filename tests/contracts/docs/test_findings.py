"""Documentation, table of rules and messages have the same findings."""

import re
from pathlib import Path

from bot.config import check
from bot.domain.findings import RULES
from bot.domain.languages import load_words

DOCUMENT = Path(__file__).parents[3] / "docs" / "use" / "findings.md"


def test_every_code_is_documented_in_the_order_of_the_rules():
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", DOCUMENT.read_text(), flags=re.MULTILINE)

    assert [code for code, *_ in rows] == list(RULES)
    assert all(each.strip() for row in rows for each in row)


def test_every_code_has_words_and_every_word_its_code():
    keys = {key for key in load_words("en") if key.startswith("finding_")}
    codes = ["finding_" + code.replace("-", "_") for code in RULES]

    assert [code for code in codes if not any(key.startswith(code) for key in keys)] == []
    assert [key for key in keys if not any(key.startswith(code) for code in codes)] == []


def test_the_configuration_in_the_documentation_is_right(tmp_path):
    [block] = re.findall(r"^```toml\n(.*?)^```", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    path = tmp_path / "dogwatch.toml"
    path.write_text(block)

    assert check(path) == []


def test_a_code_that_does_not_exist_is_a_mistake_with_the_nearest(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_text('[findings]\noff = ["task-without-dates"]\n')

    [problem] = check(path)
    assert "`task-without-date`" in problem.message
